import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

export const CHART = fileURLToPath(new URL("../../../helm", import.meta.url));

const SOURCE = fileURLToPath(new URL("render.go", import.meta.url));
const GO_PATH = "/usr/share/gocode";
const NEEDED = [
  { path: `${GO_PATH}/src/github.com/Masterminds/sprig`, package: "golang-github-masterminds-sprig-dev" },
  { path: `${GO_PATH}/src/sigs.k8s.io/yaml`, package: "golang-k8s-sigs-yaml-dev" },
];

/** An object of the cluster, as the chart writes it. Tests read it by path. */
export interface ClusterObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

export type Rendering =
  | { readonly kind: "rendered"; readonly objects: readonly ClusterObject[]; readonly notes: string }
  | { readonly kind: "refused"; readonly message: string };

export interface Chart {
  /** What the chart makes of these values, in the release `guise` in the namespace `support`. */
  render(values: object, as?: { readonly release?: string; readonly namespace?: string }): Rendering;
  close(): Promise<void>;
}

/** Builds the renderer. Throws with the command that installs what is missing. */
export async function chart(): Promise<Chart> {
  const missing = NEEDED.filter((it) => !existsSync(it.path)).map((it) => it.package);
  if (spawnSync("go", ["version"]).status !== 0) missing.unshift("golang-go");
  if (missing.length > 0) {
    const command = `sudo apt-get install -y ${missing.join(" ")}`;
    throw new Error(`Rendering the chart needs Go with sprig. On Debian or Ubuntu: ${command}`);
  }
  const folder = await mkdtemp(join(tmpdir(), "guise-chart-"));
  const renderer = join(folder, "render");
  const env = { ...process.env, GO111MODULE: "off", GOPATH: GO_PATH, GOFLAGS: "", CGO_ENABLED: "0" };
  execFileSync("go", ["build", "-o", renderer, SOURCE], { env, stdio: ["ignore", "ignore", "inherit"] });
  return {
    render: (values, { release = "guise", namespace = "support" } = {}) =>
      rendering(renderer, JSON.stringify({ release, namespace, values })),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

function rendering(renderer: string, input: string): Rendering {
  const ran = spawnSync(renderer, [CHART], { input, encoding: "utf8" });
  if (ran.status !== 0) return { kind: "refused", message: ran.stderr.trim() };
  const texts: Record<string, string> = JSON.parse(ran.stdout);
  const { "templates/NOTES.txt": notes = "", ...templates } = texts;
  return { kind: "rendered", notes, objects: Object.values(templates).flatMap(objectsIn) };
}

function objectsIn(text: string): readonly ClusterObject[] {
  const documents = parseAllDocuments(text, { strict: true, uniqueKeys: true, version: "1.1" });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw problem;
    const value: unknown = document.toJS();
    return value === null ? [] : [value as ClusterObject];
  });
}

/** The objects of a rendering; throws what the chart said where it refused. */
export function objectsOf(it: Rendering): readonly ClusterObject[] {
  if (it.kind === "rendered") return it.objects;
  throw new Error(it.message);
}

/** One object by kind, and by name where there are several. */
export function objectOf(it: Rendering, kind: string, name?: string): ClusterObject {
  const found = objectsOf(it).filter(
    (one) => one.kind === kind && (name === undefined || one.metadata.name === name),
  );
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`${found.length} objects are a ${kind}`);
  return first;
}

/** What stands at a path, like `spec.template.spec.containers.0.image`; undefined where nothing does. */
export function at(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (it, step) => (typeof it === "object" && it !== null ? Reflect.get(it, step) : undefined),
      value,
    );
}
