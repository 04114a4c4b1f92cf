// Does what docs/tutorial.md says, in its order: saves its files, runs its commands, opens its addresses. Ports are free ones.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import t from "tap";
import { fieldIn } from "../fixtures/html.ts";
import { blocksOf } from "../fixtures/pages.ts";
import { freePort } from "../fixtures/servers/port.ts";
import { testFolder } from "../fixtures/test-folder.ts";
import { ROOT } from "../house/source.ts";

const page = readFileSync(join(ROOT, "docs/tutorial.md"), "utf8");
const [appPort, port, adminPort] = [await freePort(), await freePort(), await freePort()];
const withPorts = (text: string) =>
  text.replaceAll(/\b3000\b/g, `${appPort}`).replaceAll(/\b8000\b/g, `${port}`);

const root = testFolder(t, {});
const folder = join(root, "tutorial");
symlinkSync(join(ROOT, "bin"), join(root, "bin"));
const env = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  GUISE_PORT: `${port}`,
  GUISE_ADMIN_PORT: `${adminPort}`,
};

/** The part of the page below a heading that begins so. */
function section(start: string): string {
  const found = page.split(/^## /m).find((it) => it.startsWith(start));
  if (found === undefined) throw new Error(`the tutorial has no section ${start}`);
  return found;
}

/** Saves the files that a section shows, each under the name that stands last before it. */
function save(text: string): readonly string[] {
  return [
    ...text.matchAll(/`([\w.]+\.(?:mjs|yaml))`[^`]*(?:`[^`\n]+`[^`]*)*?\n```(?:js|yaml)\n([\s\S]*?)^```$/gm),
  ].map(([, name = "", body = ""]) => {
    writeFileSync(join(folder, name), withPorts(body));
    return name;
  });
}

const commandsOf = (text: string) =>
  blocksOf(text)
    .filter(({ language }) => language === "sh")
    .flatMap((block) => block.text.trimEnd().split("\n"));

/** What was exported counts in the same terminal from then on. */
const exported: string[] = [];

async function run(command: string, cwd = folder): Promise<string> {
  if (command.startsWith("export ")) exported.push(command);
  const script = [...exported, withPorts(command)].join("\n");
  const { stdout } = await promisify(execFile)("sh", ["-ec", script], { cwd, env });
  return stdout;
}

/** Runs what keeps its terminal, until it says that it is there. */
async function keep(command: string, ready: RegExp): Promise<ChildProcess & { said: () => string }> {
  const child = spawn("sh", ["-c", `exec env ${withPorts(command)}`], { cwd: folder, env });
  t.teardown(() => child.kill("SIGKILL"));
  let text = "";
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        if (ready.test(text)) resolve();
      });
    child.once("exit", () => reject(new Error(`${command} ended: ${text}`)));
  });
  return Object.assign(child, { said: () => text });
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGINT");
  await ended;
}

interface Shown {
  readonly status: number;
  readonly body: string;
}

/** A browser with one tab: keeps cookies, follows redirects, and says of a click what browsers say. */
class Tab {
  readonly #cookies = new Map<string, string>();

  open(path: string): Promise<Shown> {
    return this.#ask("GET", path, "none", "");
  }

  click(path: string): Promise<Shown> {
    return this.#ask("GET", path, "same-origin", "");
  }

  send(path: string, fields: Readonly<Record<string, string>>): Promise<Shown> {
    return this.#ask("POST", path, "same-origin", new URLSearchParams(fields).toString());
  }

  async #ask(method: string, path: string, site: string, body: string): Promise<Shown> {
    const origin = `http://localhost:${port}`;
    const asked = request(`${origin}${path}`, {
      method,
      headers: {
        accept: "text/html",
        cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        "sec-fetch-dest": "document",
        "sec-fetch-mode": "navigate",
        "sec-fetch-user": "?1",
        "sec-fetch-site": site,
        ...(method === "POST" ? { origin, "content-type": "application/x-www-form-urlencoded" } : {}),
      },
    });
    const [answer] = (await once(asked.end(body), "response")) as [IncomingMessage];
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "" || /max-age=0/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    let text = "";
    for await (const chunk of answer) text += String(chunk);
    const { location } = answer.headers;
    if (location !== undefined) return await this.#ask("GET", location.replace(origin, ""), site, "");
    return { status: answer.statusCode ?? 0, body: text };
  }
}

/** The hidden token of a form of ours. */
const tokenIn = ({ body }: Shown) => fieldIn(body, "_csrf");

t.test("the tutorial, from the first command to the last", async (t) => {
  const [first = ""] = commandsOf(page);
  t.equal(first, "mkdir tutorial && cd tutorial");
  await run(first, root);

  t.same(save(section("1.")), ["app.mjs", "who.mjs"]);
  const [runApp = ""] = commandsOf(section("1."));
  let app = await keep(runApp, /the app listens/);

  t.same(save(section("2.")), ["routes.config.yaml"]);
  const [ours = "", check = "", explain = ""] = commandsOf(section("2."));
  await run(ours);
  t.match(await run(check), /routes\.config\.yaml is right: agents 1, owners 1, routes 1, rules 1/);
  t.match(await run(explain), /start/, "Sam would start");

  const [serve = ""] = commandsOf(section("3."));
  const gateway = await keep(serve, /guise is listening/);
  const nora = new Tab();
  t.match(await nora.open("/login?as=7"), { body: "Hello Nora" });
  t.match(await nora.open("/notes/42"), { status: 200, body: "Water the plants" });
  const sam = new Tab();
  t.match(await sam.open("/login?as=1"), { body: "Hello Sam" });
  const unheard = await sam.open("/notes/42");
  t.match(unheard.body, "No such note");
  t.match(unheard.body, /Nora[\s\S]*\/\.guise\/stop/, "the banner says who, and has Stop");
  await sam.send("/.guise/stop", { _csrf: tokenIn(await sam.click("/.guise/stop")) });

  t.same(save(section("4.")), ["who.mjs"]);
  await stop(app);
  app = await keep(runApp, /the app listens/);
  t.match((await sam.open("/notes/42")).body, /Nora's note[\s\S]*Water the plants/);
  t.match(app.said(), "1 as 7: GET /notes/42");

  const refused = await sam.send("/notes/42", { line: "Feed the cat" });
  t.match(refused, { status: 403, body: "read-only" });
  const question = await sam.click("/.guise/elevate?to=/notes/42");
  t.match(question.body, "Allow changes");
  await sam.send("/.guise/elevate", { _csrf: tokenIn(question), to: "/notes/42" });
  t.match((await sam.send("/notes/42", { line: "Feed the cat" })).body, "Feed the cat");
  t.match((await nora.open("/notes/42")).body, "Feed the cat", "Nora sees it too");
  const [list = ""] = commandsOf(section("5."));
  t.match(await run(list), /Sam[\s\S]*Nora/);
  t.match((await sam.click("/logout")).status, 200);
  t.match((await sam.open("/")).body, "Hello Sam", "Sam is still signed in");

  const [query = "", denied = "", verify = ""] = commandsOf(section("6."));
  const recorded = await run(query);
  for (const what of [/started/, /intent .*POST \/notes\/42/, /elevated/, /ended .*ended-by-logout/])
    t.match(recorded, new RegExp(`1 as 7 +impersonation\\.${what.source}`));
  t.match(await run(denied), /^.* 1 as 7 +impersonation\.denied .*POST \/notes\/42 .*read-only.*\n$/);
  t.match(await run(verify), /\d/);
  t.match((await sam.open("/.guise/activity")).body, "Nora");

  await stop(gateway);
  await stop(app);
  const last = commandsOf(page).at(-1) ?? "";
  t.equal(last, "cd .. && rm -r tutorial");
  await run(last);
  t.notOk(existsSync(folder));
  t.equal(commandsOf(page).length, 11, "and no command was left out");
});

t.test("the tutorial leads to no address that it didn't open", async (t) => {
  const paths = [...page.matchAll(/<http:\/\/localhost:8000([^>]*)>/g)].map(([, path = ""]) => path);
  const known = ["", "/", "/login?as=7", "/login?as=1", "/notes/42", "/.guise/activity"];
  t.same(
    paths.filter((path) => !known.includes(path)),
    [],
  );
});
