/** One thing that is wrong in a config, and where. Lines and columns count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `routes[2].path`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong, and what to write. */
  readonly message: string;
}

/** A problem before its place in the file is known. `key`: it is the key itself that is wrong, not what it holds. */
export interface Complaint {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly key?: boolean;
}

/** `routes.config.yaml:12:5 routes[2].path: what is wrong, and what to write`. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, path, message } = problem;
  return `${file}:${line}:${column}${path === "" ? "" : ` ${path}`}: ${message}`;
}

/** A path as people write it; keys that are no plain words stand in quotes. */
export function writePath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    const key = String(step);
    if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(key)) return `${text}[${JSON.stringify(key)}]`;
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

/** The problems in the order of the file, each once. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const once = new Map(problems.map((problem) => [formatProblem(problem), problem]));
  return [...once.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}
