import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface SourceFile {
  /** `src/domain/decide.ts` */
  readonly path: string;
  readonly text: string;
  /** `domain`, or `.` for what lies in src itself. */
  readonly room: string;
  /** Specifiers as written, types included. */
  readonly imports: readonly string[];
}

/** All TypeScript files below a folder of the project. Throws when there are none: a test over nothing shows nothing. */
export function filesBelow(folder: string, ending = ".ts"): readonly SourceFile[] {
  const found = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((it) => it.isFile() && it.name.endsWith(ending))
    .map((it) => read(join(it.parentPath, it.name)))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  if (found.length === 0) throw new Error(`no ${ending} files below ${folder}`);
  return found;
}

function read(file: string): SourceFile {
  const path = relative(ROOT, file);
  const text = readFileSync(file, "utf8");
  const imports = [
    ...text.matchAll(/^(?:import|export)\b[^;]*?\bfrom\s+["']([^"']+)["']|^import\s+["']([^"']+)["']/gms),
  ];
  return {
    path,
    text,
    room: dirname(path).split("/")[1] ?? ".",
    imports: imports.map((it) => it[1] ?? it[2] ?? ""),
  };
}

/** The path in the project that a relative import of a file means. */
export function target(from: SourceFile, specifier: string): string {
  return relative(ROOT, join(ROOT, dirname(from.path), specifier));
}
