import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { browser } from "./fixtures/browser/browser.ts";
import { signIn } from "./fixtures/browser/journey.ts";
import { freePort } from "./fixtures/servers/port.ts";
import { testFolder } from "./fixtures/test-folder.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const { scripts, bin } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** What `npm start` runs, with these variables and no other of ours. `said` resolves when all addresses are printed. */
function quickStart(t: Test, env: Readonly<Record<string, string>>) {
  const [command = "", ...args] = scripts.start.split(" ");
  const ours = Object.keys(process.env).filter((name) => /^(?:GUISE|DEMO)_/.test(name));
  const rest = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.includes(name)));
  const child = spawn(command === "node" ? process.execPath : command, args, {
    cwd: ROOT,
    env: { ...rest, GUISE_DATA: testFolder(t), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  const said = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        if (text.includes("Ctrl-C")) resolve(text);
      });
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, text }));
  t.teardown(async () => {
    child.kill();
    await ended;
  });
  return { said: Promise.race([said, ended.then((it) => it.text)]), ended, child };
}

/** Takes a port, where it isn't taken already. */
async function take(t: Test, port: number): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  server.listen(port, "127.0.0.1");
  await Promise.race([once(server, "listening"), once(server, "error")]);
  t.teardown(() => void server.close());
}

t.test(
  "where its ports are taken it takes others, says so, and leads to the demo that it started",
  async (t) => {
    for (const port of [8000, 8001, 9464]) await take(t, port);
    const it = quickStart(t, {});
    const said = await it.said;
    for (const [port, variable] of [
      [8000, "GUISE_PORT"],
      [8001, "DEMO_PORT"],
      [9464, "GUISE_ADMIN_PORT"],
    ])
      t.match(said, new RegExp(`port ${port} is taken, so it is \\d+ \\(${variable} names another\\)`));
    const url = /Sign in as support: +(\S+)\/login/.exec(said)?.[1] ?? "";
    t.not(url, "http://localhost:8000");

    const { port } = new URL(url);
    const chromium = await browser();
    t.teardown(() => chromium.close());
    const page = await chromium.newPage();
    await signIn(page, url, "alice@demo.test");
    await page.goto(`${url}/site/9421/overview`);
    t.match(new URL(page.url()).host, new RegExp(`^[a-z2-7]{32}\\.view\\.localhost:${port}$`));
    t.match(await page.locator("body").innerText(), /Nuno/, "identity and owners ask that demo too");
    t.equal(await page.locator("guise-banner").count(), 1);
    await page.goto(/Or look somebody up: +(\S+)/.exec(said)?.[1] ?? "");
    t.equal(page.url(), `http://guise.localhost:${port}/.guise/start`);
    t.match(await page.locator("header").innerText(), /You are Alice/);

    const demo = /The app itself is at http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1] ?? "";
    t.ok(existsSync(join(ROOT, `routes.config.${demo}.yaml`)));
    it.child.kill("SIGTERM");
    t.match(await it.ended, { code: 0 });
    t.notOk(existsSync(join(ROOT, `routes.config.${demo}.yaml`)), "the copy of the config is gone");
  },
);

t.test("a taken port that somebody asked for is one line that names the variable", async (t) => {
  const port = await freePort();
  await take(t, port);
  for (const variable of ["GUISE_PORT", "DEMO_PORT", "GUISE_ADMIN_PORT"]) {
    const { code, text } = await quickStart(t, { [variable]: String(port) }).ended;
    t.equal(code, 1);
    t.equal(text, `port ${port} is taken; name another in ${variable}, or leave it out\n`);
  }
});

/** A folder with a program `node` that says it is this version, and what it was called with. */
function fakeNode(folder: string, version: string): string {
  mkdirSync(folder);
  writeFileSync(
    join(folder, "node"),
    `#!/bin/sh\nif [ "$1" = --version ]; then echo ${version}; else echo fake "$@"; fi\n`,
  );
  chmodSync(join(folder, "node"), 0o755);
  return folder;
}

function run(path: string, args: readonly string[], folder: string) {
  return spawnSync(path, args, { env: { PATH: `${folder}:/usr/bin:/bin` }, encoding: "utf8", cwd: ROOT });
}

t.test("bin/guise runs on the Node that npm brought, whichever other there is", async (t) => {
  const folder = testFolder(t, {});
  for (const version of ["v20.20.2", "v12.0.0", "v99.0.0"]) {
    const ran = run(join(ROOT, bin.guise), ["check"], fakeNode(join(folder, version), version));
    t.match(ran, { status: 0, stdout: /routes\.config\.yaml is right/, stderr: "" }, version);
  }
});

t.test("without that it takes the one in PATH if that is new enough, else it says what to do", async (t) => {
  const folder = testFolder(t, {});
  mkdirSync(join(folder, "bin"));
  const guise = join(folder, "bin/guise");
  copyFileSync(join(ROOT, bin.guise), guise);
  for (const version of ["v20.20.2", "v9.1.0", "none"])
    t.match(run(guise, ["check"], fakeNode(join(folder, version), version)), {
      status: 1,
      stdout: "",
      stderr: `guise needs Node 24 or newer; this is ${version}. Install one, or in a clone run \`npm ci\` without --omit=dev, which brings one.\n`,
    });
  for (const version of ["v24.0.0", "v26.10.0", "v100.0.0"])
    t.match(
      run(guise, ["check", "a b"], fakeNode(join(folder, version), version)).stdout,
      /^fake .*src\/main\.ts check a b\n$/,
    );
});

t.test("README and docs know no other way to run it", async (t) => {
  const pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...globSync("docs/*.md", { cwd: ROOT })];
  for (const page of pages) t.notMatch(readFileSync(join(ROOT, page), "utf8"), "src/main.ts ", page);
  t.match(readFileSync(join(ROOT, "README.md"), "utf8"), "bin/guise check");
});
