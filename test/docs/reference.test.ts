// The pages of reference against the code, both ways.
import { existsSync, globSync, readFileSync } from "node:fs";
import { STATUS_CODES } from "node:http";
import { dirname, join } from "node:path";
import t from "tap";
import { withCommands } from "../../scripts/docs.ts";
import { COMMANDS } from "../../src/cli/registry.ts";
import { REASON_WORDS } from "../../src/domain/decision.ts";
import { FAULTS, type FaultCode } from "../../src/errors.ts";
import { clientAssets } from "../../src/page/client.ts";
import { filesBelow, ROOT } from "../house/source.ts";

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
/** Where it is said what is in a folder. A folder of tests may leave it to the one around it. */
const pagesOf = (folder: string) => [folder, ...(folder.startsWith("test/") ? [dirname(folder)] : [])];
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

t.test("docs/cli.md has the help of every command as it is", async (t) => {
  const page = read("docs/cli.md");
  t.equal(await withCommands(page), page, "run `npm run docs`");
  t.same(
    [...page.matchAll(/^## guise (\w+)$/gm)].map(([, name]) => name),
    COMMANDS.map(({ name }) => name),
  );
});

t.test("docs/cli.md names every variable of ours with the commands that read it", async (t) => {
  const rows = [...read("docs/cli.md").matchAll(/^\| `(GUISE_[A-Z_]+)` \|[^|]+\| ([^|]+) \|$/gm)];
  const told = Object.fromEntries(
    rows.map(([, name = "", by = ""]) => [name, [...by.matchAll(/`([^`]+)`/g)].map(([, it]) => it).sort()]),
  );
  const readers = new Map<string, Set<string>>();
  const sources = [...filesBelow("src"), ...filesBelow("scripts")];
  for (const { path, text } of sources)
    for (const [name] of text.matchAll(/GUISE_[A-Z_]+(?= \?\?)|(?<=portFor\(")GUISE_[A-Z_]+/g)) {
      const command =
        /^src\/cli\/(\w+)/.exec(path)?.[1] ?? (path === "scripts/start.ts" ? "npm start" : path);
      readers.set(name, (readers.get(name) ?? new Set()).add(command));
    }
  const found = Object.fromEntries([...readers].map(([name, by]) => [name, [...by].sort()]));
  t.same(told, found);
});

t.test("docs/tracing.md has every variable of OpenTelemetry that we read ourselves", async (t) => {
  const page = read("docs/tracing.md");
  const names = read("src/telemetry/otel-environment.ts").match(/\bOTEL_[A-Z_]+/g) ?? [];
  t.ok(names.length > 10);
  t.same(
    [...new Set(names)].filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});

t.test("docs/endpoints.md has every address of ours, and no other", async (t) => {
  const told = [...read("docs/endpoints.md").matchAll(/^\| `([A-Z]+ \/[^`]*)` \|/gm)].map(
    ([, it = ""]) => it,
  );
  const routes = (folder: string, before: string) =>
    filesBelow(folder).flatMap(({ text }) =>
      [...text.matchAll(/\.(get|post|put|delete)\("(\/[^"]+)"/g)].map(
        ([, method = "", path = ""]) => `${method.toUpperCase()} ${before}${path}`,
      ),
    );
  const files = ["console.css", "search.js", "running.js", "embed.js", ...clientAssets().keys()].map(
    (name) => `GET /.guise/${name}`,
  );
  const there = [
    ...routes("src/console", "/.guise"),
    ...routes("src/telemetry", ""),
    ...files,
    "GET /.guise/",
    // Of a label's host alone, which the router doesn't see.
    "GET /.guise/in",
  ];
  t.match(read("src/gateway/isolation/label-host.ts"), '"/in"');
  t.match(read("src/console/plugin.ts"), 'fastify.all("/"');
  t.same([...told].sort(), [...there].sort());
});

const STAGES = [
  "intake",
  "match",
  "identify",
  "load impersonation",
  "find owner",
  "decide",
  "commit",
  "answer",
  "sign in",
  "forward",
  "respond",
  "settle",
];

t.test("docs/request.md draws and lists the twelve stages, and so does the README", async (t) => {
  const page = read("docs/request.md");
  const drawn = [...page.matchAll(/[[{](\d+) ([a-z ]+)[\]}]/g)].map(([, at, name]) => `${at} ${name}`);
  t.same(
    drawn.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)),
    STAGES.map((name, at) => `${at + 1} ${name}`),
  );
  const listed = [
    ...page.matchAll(/^\| (\d+) \| \[([a-z ]+)\]\(\.\.\/src\/gateway\/stages\/([a-z-]+)\.ts\)/gm),
  ];
  t.same(
    listed.map(([, , name]) => name),
    STAGES,
  );
  for (const [, , name = "", file = ""] of listed) t.equal(file, name.replaceAll(" ", "-"));
  const inReadme = [...read("README.md").matchAll(/^\d+\. ((?:\*\*[a-z ]+\*\*(?:, )?)+):/gm)];
  t.same(
    inReadme.flatMap(([, names = ""]) => [...names.matchAll(/\*\*([a-z ]+)\*\*/g)].map(([, it]) => it)),
    STAGES,
  );
});

t.test("the pipeline goes through these stages in this order", async (t) => {
  const text = read("src/gateway/pipeline.ts");
  // `judging` has the stages up to the decision, and stands before the rest of them.
  const body = text.slice(text.indexOf("export function judging"));
  t.match(text, /function pipeline[\s\S]+\bjudging\([\s\S]+\bcommit\(/);
  const files = [...text.matchAll(/import \{([^}]+)\} from "\.\/stages\/([a-z-]+)\.ts"/g)];
  const called = files.flatMap(([, names = "", file = ""]) => {
    const places = names
      .split(",")
      .map((it) => body.search(new RegExp(`\\b${it.replace("type", "").trim()}\\(`)))
      .filter((at) => at !== -1);
    return places.length === 0 ? [] : [{ file, at: Math.min(...places) }];
  });
  const order = called.sort((a, b) => a.at - b.at).map(({ file }) => file.replaceAll("-", " "));
  const known = order.filter((name) => STAGES.includes(name) && name !== "settle");
  t.ok(known.length >= 7);
  t.same(
    known,
    STAGES.filter((name) => known.includes(name)),
  );
});

t.test("docs/troubleshooting.md names only what there is", async (t) => {
  const page = read("docs/troubleshooting.md");
  const source = filesBelow("src")
    .map(({ text }) => text)
    .join("\n");
  const lines = [...page.matchAll(/\blogs? `([^`]+)`/gi)].map(([, it = ""]) => it);
  t.ok(lines.length > 10, "it quotes lines of the log");
  t.same(
    lines.filter((line) => !source.includes(`"${line}"`)),
    [],
    "each of them is one that the code writes",
  );
  const metrics = [...page.matchAll(/`(guise_[a-z_]+)`/g)].map(([, it = ""]) => it);
  const known = read("docs/metrics.md");
  t.ok(metrics.length > 10);
  t.same(
    metrics.filter((name) => !known.includes(`| \`${name}\` |`)),
    [],
  );
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (\d+) \|/gm)];
  const words = new Set<string>(REASON_WORDS);
  t.ok(rows.length > 15);
  for (const [, code = "", status = ""] of rows) {
    t.ok(STATUS_CODES[Number(status)], code);
    if (code in FAULTS) t.equal(FAULTS[code as FaultCode].status, Number(status), code);
    else t.ok(words.has(code), `${code} is a reason word or a fault`);
  }
  const others = [...page.matchAll(/^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \| [^\d]/gm)]
    .flatMap(([, cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, it = ""]) => it))
    .filter((it) => it.startsWith("ended-") || it.startsWith("upstream-"));
  t.same(
    others.filter((code) => !words.has(code) && !(code in FAULTS)),
    [],
  );
});

t.test("every fault that a client may see is found in docs/troubleshooting.md", async (t) => {
  const page = read("docs/troubleshooting.md");
  const seen = (Object.keys(FAULTS) as FaultCode[]).filter((code) => FAULTS[code].status >= 502);
  const told = seen.filter((code) => !["stream-unreadable", "journals-unreadable"].includes(code));
  t.same(
    told.filter((code) => !page.includes(`\`${code}\``)),
    [],
  );
});

t.test("docs/threat-model.md names every family of attacks, and no other", async (t) => {
  const families = (text: string) =>
    [...new Set([...text.matchAll(/`([A-Z]+)-(?:\d\d|\*)`/g)].map(([, it = ""]) => it))].sort();
  t.same(families(read("docs/threat-model.md")), families(read("docs/attacks.md")));
});

t.test("each cell of what a script can do names its tests, and they are there", async (t) => {
  const page = read("docs/security.md");
  const rows =
    page
      .split("\n## ")[0]
      ?.split("\n")
      .filter((line) => line.startsWith("| ")) ?? [];
  const cells = rows.slice(1).flatMap((row) => row.split(" | ").slice(1));
  t.ok(cells.length > 30);
  const TESTS = /\((no test|[A-Z]\d+(?:, [A-Z]\d+)*)\)/g;
  t.same(
    cells.filter((cell) => cell.search(TESTS) === -1),
    [],
  );
  const named = cells.flatMap((cell) => [...cell.matchAll(TESTS)].flatMap(([, ids = ""]) => ids.split(", ")));
  const listed = [
    ...page.matchAll(/^\| `([A-Z]\d+)` \| (.+?)(?: \([^|]*\))? \| \[[^\]]*\]\(\.\.\/(.+)\) \|$/gm),
  ];
  t.same(
    [...new Set(named)].filter((id) => id !== "no test").sort(),
    listed.map(([, id]) => id).sort(),
    "each is listed, and each that is listed stands in a cell",
  );
  t.same(
    listed.filter(([, , name = "", path = ""]) => !new RegExp(`["\`]${escaped(name)}`).test(read(path))),
    [],
  );
  const ours = filesBelow("test/attacks/script").flatMap(({ text }) =>
    [...text.matchAll(/t\.test\(\s*(["`])((?:(?!\1).)+)/g)].map(([, , name = ""]) => name),
  );
  t.same(
    ours.filter((name) => !listed.some(([, , it = ""]) => name.startsWith(it))),
    [],
    "no test of a script is left out",
  );
});

t.test("docs/upgrade.md tells of every version that CHANGELOG.md has, but the newest", async (t) => {
  const versions = [...read("CHANGELOG.md").matchAll(/^## ([\d.]+)/gm)].map(([, it]) => it);
  t.ok(versions.length > 0);
  for (const version of versions) t.match(read("docs/upgrade.md"), `## From ${version}\n`);
});

t.test("CHANGELOG.md says each thing once, in four groups", async (t) => {
  const text = read("CHANGELOG.md");
  const groups = [...text.matchAll(/^### (.+)$/gm)].map(([, it = ""]) => it);
  t.same(
    groups.filter((it) => !["Added", "Changed", "Fixed", "Removed"].includes(it)),
    [],
  );
  const entries = text.split(/^- /m).slice(1);
  t.same(
    entries.filter((it, at) => entries.indexOf(it) !== at),
    [],
  );
});

t.test("every folder of src/ and test/ with more than ten files says what is in it", async (t) => {
  const folders = new Map<string, number>();
  // Pictures that a run leaves aren't part of the project.
  const files = globSync("{src,test}/**/*.*", { cwd: ROOT }).filter(
    (path) => !path.includes("/screenshots/"),
  );
  for (const path of files) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    folders.set(folder, (folders.get(folder) ?? 0) + 1);
  }
  const large = [...folders].filter(([, count]) => count > 10).map(([folder]) => folder);
  t.ok(large.length > 20);
  t.same(
    large.filter((folder) => !pagesOf(folder).some((page) => existsSync(join(ROOT, page, "README.md")))),
    [],
  );
});

t.test("what such a page lists is there", async (t) => {
  const wrong: string[] = [];
  for (const path of globSync("{src,test}/**/README.md", { cwd: ROOT })) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    for (const [, cell = ""] of read(path).matchAll(/^\| (`[^|]+) \|/gm))
      for (const [, name = ""] of cell.matchAll(/`([^`]+)`/g)) {
        if (globSync(name.replace(/\/$/, ""), { cwd: join(ROOT, folder) }).length === 0)
          wrong.push(`${path}: ${name}`);
      }
  }
  t.same(wrong, []);
});

t.test(
  "every cause that docs/identity.md and docs/troubleshooting.md name is one that a source says",
  async (t) => {
    const source = filesBelow("src/identity")
      .map(({ text }) => text)
      .join("\n");
    const told = [
      ...[...read("docs/identity.md").matchAll(/^\| `(?:warn|info|debug)` \| ([^|]+) \|/gm)].map(
        ([, it = ""]) => it,
      ),
      ...[
        ...(read("docs/troubleshooting.md")
          .split(/^## /m)
          .find((it) => it.startsWith("Nobody is known"))
          ?.matchAll(/^\| (`[^|]+) \|/gm) ?? []),
      ].map(([, it = ""]) => it),
    ].flatMap((cell) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, it = ""]) => it));
    t.ok(told.length > 10);
    const made = (cause: string) =>
      source.includes(`"${cause}"`) || (cause.startsWith("wrong-") && source.includes("wrong-$"));
    t.same(
      [...new Set(told)].filter((cause) => !made(cause)),
      [],
    );
  },
);
