import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import t from "tap";
import { filesBelow, ROOT } from "./source.ts";

const PROGRAM = ["src", "demo", "scripts"];
const EVERYWHERE = [...PROGRAM, "test", "bench"];

/** Needed without an import: by whom. */
const NOT_IMPORTED: Readonly<Record<string, string>> = {
  "@biomejs/biome": "npm run check",
  typescript: "npm run check",
  "@types/node": "types of Node",
  "@types/pg": "types of pg",
  "@types/ws": "types of ws",
  "@types/oidc-provider": "types of oidc-provider",
  node: "bin/guise and the tests run on it",
  "@hotwired/turbo": "test/system/journeys/libraries.test.ts serves its file",
  "htmx.org": "test/system/journeys/libraries.test.ts serves its file",
  htmx2: "test/system/journeys/libraries.test.ts serves its file",
  unpoly: "test/system/journeys/libraries.test.ts serves its file",
};

const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

/** Packages by name, as an import, `resolve`, or a path below node_modules names them. */
function packagesOf(folders: readonly string[]): ReadonlySet<string> {
  const named = folders.flatMap((folder) =>
    filesBelow(folder).flatMap(({ imports, text }) => [
      ...imports,
      ...[...text.matchAll(/\b(?:import|resolve)\(\s*"([^"]+)"/g)].map(([, name = ""]) => name),
      ...[...text.matchAll(/node_modules\/((?:@[\w.-]+\/)?[\w.-]+)/g)].map(([, name = ""]) => name),
    ]),
  );
  return new Set(
    named
      .filter((it) => !it.startsWith(".") && !isBuiltin(it) && /^(?:@[\w.-]+\/)?[\w.-]+(?:\/|$)/.test(it))
      .map((it) => it.split("/", it.startsWith("@") ? 2 : 1).join("/")),
  );
}

t.test("every dependency is imported by the program", async (t) => {
  const used = packagesOf(PROGRAM);
  t.ok(used.size > 5, "there are imports to look at");
  t.same(
    Object.keys(dependencies).filter((name) => !used.has(name)),
    [],
  );
});

t.test("every dependency of development is used by something", async (t) => {
  const used = packagesOf(EVERYWHERE);
  t.same(
    Object.keys(devDependencies).filter((name) => !used.has(name) && NOT_IMPORTED[name] === undefined),
    [],
  );
});

t.test("every package that is imported is named in package.json", async (t) => {
  const imported = EVERYWHERE.flatMap((folder) =>
    filesBelow(folder).flatMap(({ imports }) =>
      imports.filter((it) => !it.startsWith(".") && !isBuiltin(it)),
    ),
  ).map((it) => it.split("/", it.startsWith("@") ? 2 : 1).join("/"));
  const named = { ...dependencies, ...devDependencies };
  t.same(
    [...new Set(imported)].filter((name) => named[name] === undefined),
    [],
  );
  const served = ["src", "demo"].flatMap((folder) => filesBelow(folder).flatMap(({ imports }) => imports));
  t.same(
    [...new Set(served)].filter((it) => devDependencies[it] !== undefined),
    [],
    "and by what npm start runs none that is for development",
  );
});
