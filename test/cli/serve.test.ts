import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { serve } from "../../src/cli/serve.ts";
import { httpApp } from "../fixtures/apps/upstream.ts";
import { raw } from "../fixtures/client/raw.ts";
import { type Guise, guise } from "../fixtures/gateway/process.ts";
import { YAML } from "../fixtures/gateway/test-services.ts";
import { freePort } from "../fixtures/servers/port.ts";
import { testFolder } from "../fixtures/test-folder.ts";

async function words(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const said = { out: "", err: "" };
  const code = await serve.run(args, {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    env,
  });
  return { code, ...said };
}

/** A gateway of its own in front of an app. */
async function serving(
  t: Test,
  origin: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
) {
  const folder = testFolder(t, {});
  const config = join(folder, "my.yaml");
  await writeFile(config, YAML.replace("http://127.0.0.1:8001", origin));
  const it = guise(
    t,
    ["serve", "-c", config, "--port", "0", "--admin-port", "0", "--data", join(folder, "data"), ...args],
    env,
  );
  const line = await it.until(/guise is listening/);
  const { url, admin } = said(line, "guise is listening") as { url: string; admin: string };
  return { ...it, url, admin, config };
}

/** The log line with this message. */
function said(out: string, message: string): object {
  const line = out.split("\n").find((it) => it.includes(message));
  return JSON.parse(line ?? "{}");
}

async function over(it: Guise): Promise<number | null> {
  it.child.kill("SIGTERM");
  return await it.ended;
}

t.test("words that are not known are 2, with the usage", async (t) => {
  for (const args of [
    ["--frob"],
    ["more"],
    ["--port", "x"],
    ["--port", "65536"],
    ["--port", "-1"],
    ["--admin-port", "1e3"],
    ["--port"],
  ])
    t.match(await words(args), { code: 2, err: /guise serve \[-c FILE\]/, out: "" }, args.join(" "));
  t.match(await words([], { GUISE_PORT: "many" }), { code: 2 });
  t.match(await words([], { GUISE_LOG: "loud" }), {
    code: 2,
    err: /GUISE_LOG is one of silent, fatal, error/,
  });
  t.match(await words(["--help"]), { code: 0, out: /guise serve \[-c FILE\]/, err: "" });
});

t.test("a config that can't be used is 1, with what to do", async (t) => {
  const config = join(testFolder(t, { "bad.yaml": "agnets: []\n" }), "bad.yaml");
  t.match(await words(["-c", config]), { code: 1, err: /did you mean `agents`[\s\S]*guise check/ });
  t.match(await words([], { GUISE_CONFIG: "/nowhere.yaml" }), { code: 1, err: /there is no such file/ });
});

t.test("it serves the app, its metrics, and stops when it is told to", async (t) => {
  const app = await httpApp(t, (_request, response) => response.end("the app"));
  const it = await serving(t, app.origin);
  t.equal(await (await fetch(`${it.url}/x`)).text(), "the app");
  t.equal((await fetch(`${it.admin}/livez`)).status, 200);
  t.equal((await fetch(`${it.admin}/readyz`)).status, 200);
  t.match(
    await (await fetch(`${it.admin}/metrics`)).text(),
    /guise_decisions_total\{reason="no-owner",kind="forward"\} 1/,
  );
  t.equal((await fetch(`${it.url}/metrics`)).status, 200, "which is the app's own address");
  t.equal(await over(it), 0);
  t.match(it.out(), /"signal":"SIGTERM"/);
});

t.test("a certificate that isn't checked is warned of once, for however many apps and workers", async (t) => {
  const folder = testFolder(t, {});
  const config = join(folder, "my.yaml");
  const upstream = '{ url: "https://127.0.0.1:9", insecureSkipVerify: true }';
  const apps = ["a", "b"].map(
    (it) => `  ${it}: { hosts: [${it}.test], audience: ${it}, upstream: ${upstream} }\n`,
  );
  await writeFile(
    config,
    `apps:\n${apps.join("")}identity: [{ demo: { users: [{ id: "1" }] } }]\nagents: []\n`,
  );
  for (const workers of ["1", "2"]) {
    const places = ["-c", config, "--port", "0", "--admin-port", "0", "--data", join(folder, workers)];
    const it = guise(t, ["serve", ...places, "--workers", workers]);
    await it.until(/guise is listening/);
    t.equal(await over(it), 0);
    t.equal(it.out().split("insecureSkipVerify").length - 1, 1, `${workers} workers`);
  }
});

t.test("what is on its way is finished before it ends", async (t) => {
  const answering = Promise.withResolvers<() => void>();
  const app = await httpApp(t, (_request, response) => answering.resolve(() => response.end("late")));
  const it = await serving(t, app.origin);
  const line = await raw(t, Number(new URL(it.url).port));
  line.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  const answer = await answering.promise;
  it.child.kill("SIGTERM");
  await it.until(/stopping/);
  answer();
  t.match((await line.closed).text, /late/);
  t.equal(await it.ended, 0);
});

t.test("an address that is taken is told, and nothing is left running", async (t) => {
  const app = await httpApp(t, (_request, response) => response.end());
  const folder = testFolder(t, {});
  const config = join(folder, "my.yaml");
  await writeFile(config, YAML.replace("http://127.0.0.1:8001", app.origin));
  const it = guise(t, [
    "serve",
    "-c",
    config,
    "--port",
    String(app.port),
    "--admin-port",
    "0",
    "--data",
    join(folder, "data"),
  ]);
  t.equal(await it.ended, 1);
  t.match(it.err(), `127.0.0.1:${app.port} is taken\nName another: \`--port\` or GUISE_PORT`);
});

t.test("ports and folders can come from the surroundings", async (t) => {
  const app = await httpApp(t, (_request, response) => response.end("ok"));
  const folder = testFolder(t, {});
  const config = join(folder, "my.yaml");
  await writeFile(config, YAML.replace("http://127.0.0.1:8001", app.origin));
  const port = await freePort();
  const it = guise(t, ["serve"], {
    GUISE_CONFIG: config,
    GUISE_PORT: String(port),
    GUISE_ADMIN_PORT: "0",
    GUISE_DATA: join(folder, "elsewhere"),
  });
  await it.until(/guise is listening/);
  t.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "ok");
  t.equal(await over(it), 0);
});

t.test("checkpoints are in the log also where it tells errors alone", async (t) => {
  const app = await httpApp(t, (_request, response) => response.end("ok"));
  const folder = testFolder(t, {});
  const config = join(folder, "my.yaml");
  await writeFile(config, YAML.replace("http://127.0.0.1:8001", app.origin));
  const port = await freePort();
  const words = ["-c", config, "--port", String(port), "--admin-port", "0", "--data", join(folder, "data")];
  const it = guise(t, ["serve", ...words], { GUISE_LOG: "error" });
  // Nothing of what is logged then says that it listens.
  while (!(await listens(port))) await new Promise((done) => setTimeout(done, 50));
  t.equal(await over(it), 0);
  const lines = it.out().trim().split("\n");
  t.match(
    lines.map((line) => JSON.parse(line)),
    [{ level: 30, msg: "audit: checkpoint", checkpoint: { signature: /./ } }],
  );
  t.equal(lines.length, 1);
});

async function listens(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/`)).ok;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

t.test("SIGHUP looks at the config at once", async (t) => {
  const app = await httpApp(t, (_request, response) => response.end("ok"));
  const it = await serving(t, app.origin);
  await writeFile(
    it.config,
    YAML.replace("http://127.0.0.1:8001", app.origin).replace("agents:", "impersonation: off\nagents:"),
  );
  it.child.kill("SIGHUP");
  await it.until(/the new one is in use/);
  t.equal(await over(it), 0);
});
