// Every command that a page shows is run: here, or by the test that its line in ELSEWHERE names. docs/tutorial.md has a test of its own.
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import t, { type Test } from "tap";
import { parse } from "yaml";
import { journalLines } from "../../src/audit/journal/lines.ts";
import { signReceipt, stretchesOf } from "../../src/audit/receipt/receipt.ts";
import { type Link, linkOf } from "../../src/audit/record/hash-chain.ts";
import { COMMANDS } from "../../src/cli/registry.ts";
import { openKeyring } from "../../src/keys/keyring.ts";
import { clock, memoryLog } from "../audit/journal-folder.ts";
import { liveApp } from "../fixtures/apps/live-app.ts";
import { ask } from "../fixtures/client/named.ts";
import { runCommand } from "../fixtures/command.ts";
import { frontConfig, impersonating, pressStop, recordsOf } from "../fixtures/gateway/front.ts";
import { guise } from "../fixtures/gateway/process.ts";
import { caughtUp } from "../fixtures/journal/stream.ts";
import { blocksOf, pages } from "../fixtures/pages.ts";
import { redisServer } from "../fixtures/servers/redis.ts";
import { testFolder } from "../fixtures/test-folder.ts";
import { ROOT } from "../house/source.ts";

interface Shown {
  readonly page: string;
  readonly command: string;
}

/** The commands of all `sh` blocks, each on one line; a block whose lines need each other is one command. */
const SHOWN: readonly Shown[] = pages()
  .filter(({ path }) => path !== "docs/tutorial.md")
  .flatMap(({ path, text }) =>
    blocksOf(text)
      .filter(({ language }) => language === "sh")
      .flatMap((block) => {
        const whole = block.text.replaceAll(/ *\\\n */g, " ").trimEnd();
        const lines = /^\w+=\$\(/.test(whole) ? [whole] : whole.split("\n");
        return lines.map((line) => ({ page: path, command: line.replace(/ +#.*$/, "") }));
      }),
  );

/** What runs them where it isn't this file: a test, or what can't be had in a test. */
const TESTED_BY: readonly (readonly [RegExp, string])[] = [
  [/^npm ci && npm start$/, "test/quick-start.test.ts"],
  [/^npm ci && npm test$/, "it is what runs this"],
  [/^npm ci$/, "it is how this got its packages"],
  [/^npm (?:run [\w:]+|test)(?: |$)/, "a script of package.json, see below"],
  [/^git clone …/, "test/system/helm/image.test.ts"],
  [/^useradd /, "it changes the machine"],
  [/^docker /, "test/system/helm/image.test.ts"],
  [/^helm /, "test/system/helm/deploy.test.ts"],
  [/kubectl /, "it needs a cluster"],
  [/^curl .*http:\/\/the-app:8001/, "it is for a network of one's own"],
  [/ && systemctl /, "it changes the machine"],
];

const tested = (command: string) => TESTED_BY.find(([pattern]) => pattern.test(command));
const RUN_HERE = SHOWN.filter(({ command }) => tested(command) === undefined);

/** What should happen with a request of the config below. */
const TESTS = `people: { alice: { id: alice, groups: [support] }, nuno: { id: "17", groups: [customer] } }
tests:
  - { open: "http://localhost:8000/site/42", as: alice, expect: { owner: nuno, decision: start, reason: started } }
`;

/** The token of docs/api.md. */
const TOKEN = "a".repeat(43);
const ACCESS = `access: { recordsKept: 90d }
api:
  tokens: [{ name: helpdesk, hash: "sha256:${createHash("sha256").update(TOKEN).digest("hex")}", rights: [start], expires: "2099-01-01" }]
`;

/** What a customer has who kept the receipt of an access that is over: it, and the public key. */
async function keepReceipt(url: string, folder: string): Promise<void> {
  await pressStop(url, await impersonating(url, "42"));
  const data = join(folder, "data");
  const [ended] = recordsOf(data, "impersonation.ended");
  const id = String(ended?.guise.impersonation);
  const links: Link[] = [];
  for await (const { lines } of journalLines(join(data, "audit")))
    for (const line of lines) {
      const link = line.includes(id) ? linkOf(line) : null;
      if (link !== null) links.push(link);
    }
  const keyring = await openKeyring({ folder: join(data, "keys"), clock, log: memoryLog(), reloadEvery: 0 });
  const key = keyring.signer("checkpoint");
  const access = { who: "Support", from: "", until: "", looked: 0, changed: 0, refused: 0 };
  const facts = { iss: url, iat: 1, sub: "17", jti: id, access, records: [...stretchesOf(links)] };
  writeFileSync(join(folder, "receipt.jws"), `${await signReceipt(facts, key)}\n`);
  writeFileSync(join(folder, "checkpoint.json"), JSON.stringify(key.jwk));
}

/** A folder with a gateway's config and data, in which `guise` is a command; alice was Nuno, and something was refused. */
async function place(t: Test) {
  const redis = await redisServer({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
  t.teardown(() => redis.stop());
  const app = await liveApp(t);
  const folder = testFolder(t, { programs: {} });
  const more = `data: data\naudit: { redis: { url: { fromEnv: REDIS_URL } } }\n${ACCESS}`;
  writeFileSync(
    join(folder, "routes.config.yaml"),
    frontConfig(app.origin, more).replace('{ map: { "1":', '{ map: { "42":'),
  );
  writeFileSync(join(folder, "routes.test.yaml"), TESTS);
  symlinkSync(join(ROOT, "bin/guise"), join(folder, "programs/guise"));
  symlinkSync(join(ROOT, "bin"), join(folder, "bin"));
  mkdirSync(join(folder, "etc"));
  const env = {
    PATH: `${join(folder, "programs")}:${process.env.PATH}`,
    HOME: process.env.HOME ?? "",
    REDIS_URL: redis.url,
  };
  const ports = { GUISE_PORT: "0", GUISE_ADMIN_PORT: "0" };
  const config = join(folder, "routes.config.yaml");
  const gateway = guise(t, ["serve", "-c", config], { ...env, ...ports });
  const said = await gateway.until(/guise is listening/);
  const [, url = "", admin = ""] = /"url":"([^"]+)","admin":"([^"]+)"/.exec(said) ?? [];
  const here = url.replace("127.0.0.1", "localhost");
  const who = await impersonating(here, "42");
  t.equal((await ask(`${here}/payments`, who, "POST")).status, 403);
  const [started] = recordsOf(join(folder, "data"), "impersonation.started");
  const id = String(started?.guise.impersonation);
  await keepReceipt(here, folder);
  await caughtUp({ gateway: { adminUrl: admin } });
  return { folder, env: { ...env, ...ports, TOKEN }, gateway, id, url: here };
}

type Place = Awaited<ReturnType<typeof place>>;

/** The command as it is run here: with the ids, and in the folders, of this place. */
function filledIn({ folder, id, url }: Place, command: string): string {
  return command
    .replace(/^curl (.*)https:\/\/app\.example\.com/, `curl -s $1${url}`)
    .replace(/^node bench\/(\S+) .*/, `node ${join(ROOT, "bench/$1")} 2 2`)
    .replaceAll("--agent ID", "--agent alice")
    .replaceAll(/\bID\b/g, id)
    .replaceAll("/etc/guise", join(folder, "etc"));
}

/** One that goes on: until it has said something. */
async function untilItSays({ folder, env }: Place, script: string): Promise<string> {
  const child = spawn("sh", ["-c", `exec env ${script}`], { cwd: folder, env });
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  child.kill("SIGTERM");
  await once(child, "exit");
  return chunk.toString();
}

async function run(it: Place, command: string): Promise<string> {
  const script = filledIn(it, command);
  if (/--follow|\bserve$/.test(script)) return await untilItSays(it, script);
  const { stdout } = await promisify(execFile)("sh", ["-ec", script], { cwd: it.folder, env: it.env });
  return stdout;
}

/** What the commands must say, besides that they end with 0. */
const SAYS: readonly (readonly [RegExp, RegExp])[] = [
  [/guise check$/, /is right: agents 1/],
  [/guise test/, /all as expected/],
  [/check --live$/, /ok +upstream/],
  [/check --schema/, /"properties"/],
  [/guise explain/, /route: .*\/site/],
  [/guise serve/, /"level"/],
  [/audit tail/, /alice as 17 +impersonation\.denied/],
  [/audit query --customer 17/, /alice as 17 +impersonation\.started/],
  [/audit query --impersonation/, /^\{"@timestamp"/],
  [/audit export --format csv/, /alice/],
  [/audit verify/, /whole, unaltered and in order: \d+ records/],
  [/guise token/, /sha256:[0-9a-f]{64}/],
  [/^curl /, /"link":"http/],
  [/receipt verify/, /customer +17/],
  [/report --standard c5/, /BSI C5/],
  [/report --standard soc2/, /^$/],
  [/report .*--format json/, /"standard"/],
  [/sessions list/, /alice[\s\S]*Nuno/],
  [/sessions end /, /ended/],
];

t.test("every command that a page shows runs as it stands there", async (t) => {
  const it = await place(t);
  const late = RUN_HERE.filter(({ command }) => command.includes("gateway.log"));
  for (const { page, command } of RUN_HERE.filter((shown) => !late.includes(shown)))
    await t.test(`${page}: ${command}`, async (t) => {
      const said = await run(it, command);
      t.type(said, "string");
      for (const [which, what] of SAYS) if (which.test(command)) t.match(said, what);
      if (command.includes("sha256sum")) await isHash(t, it, said);
    });
  it.gateway.child.kill("SIGTERM");
  t.equal(await it.gateway.ended, 0);
  writeFileSync(join(it.folder, "gateway.log"), it.gateway.out());
  t.ok(late.length > 0);
  for (const { page, command } of late)
    t.match(await run(it, command), /[1-9]\d* checkpoints/, `${page}: ${command}`);
});

/** What was said is the hash of the journal's second record, as standard tools find it. */
async function isHash(t: Test, { folder }: Place, said: string): Promise<void> {
  const { stdout } = await promisify(execFile)("sh", ["-c", "sed -n 2p data/audit/*.jsonl"], { cwd: folder });
  const { guise } = JSON.parse(stdout);
  t.match(said, guise.chain.hash);
  const bytes = stdout.slice(0, stdout.lastIndexOf(',"hash"'));
  t.equal(createHash("sha256").update(bytes).digest("hex"), guise.chain.hash);
}

t.test("what isn't run here is run by the test that is named, or can't be run by one", async (t) => {
  t.ok(RUN_HERE.length > 20);
  for (const [pattern, by] of TESTED_BY) {
    t.ok(
      SHOWN.some(({ command }) => pattern.test(command)),
      `${pattern} still stands on a page`,
    );
    if (by.startsWith("test/")) t.ok(existsSync(join(ROOT, by)), by);
  }
});

t.test("every npm script that a page names is one of package.json", async (t) => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const named = pages().flatMap(({ text }) =>
    [...text.matchAll(/npm (?:run ([\w:]+)|(start|test))\b/g)].map(([, ran, plain]) => ran ?? plain ?? ""),
  );
  t.ok(named.length > 10);
  t.same(
    named.filter((name) => scripts[name] === undefined),
    [],
  );
});

t.test("every node script that a page names is there", async (t) => {
  const named = pages().flatMap(({ text }) =>
    [...text.matchAll(/`node ((?:bench|scripts)\/[\w-]+\.ts)/g)].map(([, file = ""]) => file),
  );
  t.ok(named.length > 5);
  t.same(
    named.filter((file) => !existsSync(join(ROOT, file))),
    [],
  );
});

t.test("every value that docs/deploy.md gives the chart is one of its values", async (t) => {
  const values = parse(readFileSync(join(ROOT, "helm/values.yaml"), "utf8"));
  const given = SHOWN.filter(({ command }) => command.startsWith("helm ")).flatMap(({ command }) =>
    [...command.matchAll(/--set(?:-file)? ([\w.]+)=/g)].map(([, name = ""]) => name),
  );
  t.ok(given.length > 3);
  for (const name of given) {
    const [head = "", ...rest] = name.split(".");
    t.ok(head in values, name);
    // Its names are the operator's own.
    if (head !== "secrets")
      t.ok(
        rest.every((part) => part in values[head]),
        name,
      );
  }
});

t.test("every guise command within a sentence has the words and options that its help has", async (t) => {
  const help = new Map<string, string>();
  for (const command of COMMANDS) help.set(command.name, (await runCommand(command, ["--help"])).out);
  const wrong: string[] = [];
  let seen = 0;
  for (const { path, text } of pages()) {
    const prose = text.replace(/^```[\s\S]*?^```$/gm, "");
    for (const [, span = ""] of prose.matchAll(/`(?:bin\/)?guise ([^`]+)`/g)) {
      const [name = "", ...words] = span.split(/[\s|]+/);
      // The last is the first line of what a checkpoint signs.
      if (name === "COMMAND" || name.startsWith("-") || span === "checkpoint 1") continue;
      seen += 1;
      const said = help.get(name) ?? "";
      const options = words.filter((word) => word.startsWith("-") && !["--help"].includes(word));
      const verbs = words
        .slice(0, 1)
        .filter((word) => /^[a-z-]+$/.test(word) && said.includes(`guise ${name} `));
      const lost = [...options, ...verbs].filter((word) => !said.includes(word.replace(/=.*/, "")));
      if (said === "" || lost.length > 0) wrong.push(`${path}: guise ${span}`);
    }
  }
  t.ok(seen > 20);
  t.same(wrong, []);
});
