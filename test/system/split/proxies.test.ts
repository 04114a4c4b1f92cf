// Needs: nginx, HAProxy, Caddy, Apache
import { once } from "node:events";
import t, { type Test } from "tap";
import { Pool } from "undici";
import { WebSocket } from "ws";
import { doctor } from "../../../src/cli/doctor/doctor.ts";
import { ask } from "../../fixtures/client/named.ts";
import { runCommand } from "../../fixtures/command.ts";
import { impersonating, recordsOf, SUPPORT } from "../../fixtures/gateway/front.ts";
import { PROXIES, type SplitStand, splitStand } from "../../fixtures/servers/split-stand.ts";

interface Came {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

const namesOf = (came: Came) => came.rawHeaders.filter((_, at) => at % 2 === 0).map((it) => it.toLowerCase());
/** Requests at a time, and how many in all: where the promise is that the gateway meets none of them, many. */
const AT_ONCE = 32;
const customersOf = (kind: string) => (kind === "nginx" ? 10_000 : 200);
const FORGED = {
  "x-guise-user": "forged",
  "X-Guise-Assertion": "forged",
  x_guise_user: "forged",
  "x-guise_true-user": "forged",
};
/** Proxies read these differently; none may change them. */
const ADDRESSES = ["/a%2Fb?c=%2F&d=%20", "/%7Euser/x+y", "/a//b", "/site/1/%C3%BC?q=1&q=2"];

for (const kind of Object.keys(PROXIES)) {
  t.test(kind, async (t) => {
    const { url, front } = await splitStand(t, kind);
    const seen = async (path: string, headers: Record<string, string> = {}): Promise<Came> =>
      JSON.parse((await ask(`${url}${path}`, headers)).body) as Came;
    const metrics = async () => await (await fetch(`${front.gateway.adminUrl}/metrics`)).text();
    const decided = async () => [...(await metrics()).matchAll(/^guise_decisions_total\{.*$/gm)].join("\n");

    const split: Split = { kind, url, front, seen, decided };
    customersRequests(t, split);
    agentsRequests(t, split);
    socketsAndDoctor(t, split);
  });
}

/** A proxy that sends agents to the gateway and everybody else to the app. */
interface Split extends Omit<SplitStand, "block"> {
  readonly kind: string;
  /** What the app saw of a request. */
  readonly seen: (path: string, headers?: Record<string, string>) => Promise<Came>;
  /** What the gateway counted. */
  readonly decided: () => Promise<string>;
}

/** What customers send goes past the gateway. */
function customersRequests(t: Test, { kind, url, seen, decided }: Split): void {
  t.test("customers' requests never meet the gateway", async (t) => {
    const before = await decided();
    const all = customersOf(kind);
    const pool = new Pool(url, { connections: AT_ONCE, pipelining: 1 });
    let [left, right] = [all, 0];
    const customer = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const { statusCode, body } = await pool.request({ path: "/site/1", method: "GET" });
        await body.dump();
        if (statusCode === 200) right += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, customer));
    await pool.close();
    t.same([right, await decided()], [all, before], `${all} answers, and the gateway counted no request`);
  });

  t.test("what a customer sends gets to the app as it was", async (t) => {
    for (const address of ADDRESSES) t.equal((await seen(address)).url, address);
    const came = JSON.parse((await ask(`${url}/x`, { cookie: "a=b; guised=1; my_guise=2" }, "DELETE")).body);
    t.match(came, { method: "DELETE", url: "/x" });
    t.ok(came.rawHeaders.includes("a=b; guised=1; my_guise=2"), "cookies that only look like ours stay");
  });
}

/** What agents send comes through it. */
function agentsRequests(t: Test, { url, front, seen }: Split): void {
  t.test("an agent's requests come through it, by each of our cookies and by our addresses", async (t) => {
    const probe = "0123456789abcdef0123456789abcdef";
    for (const cookie of ["guise_agent=1", "a=b; guise_agent=1", "x=y;guise=z", "__Host-guise-worn=1"]) {
      const { headers } = await ask(`${url}/x`, { cookie, "x-guise-probe": probe });
      t.equal(headers["x-guise-probe"], probe, cookie);
    }
    t.match(JSON.parse((await ask(`${url}/.guise/jwks.json`)).body), { keys: [{}] });
    t.equal((await ask(`${url}/x`, { "x-guise-probe": probe })).headers["x-guise-probe"], undefined);
  });

  t.test("an agent who impersonates is the customer behind it, and on record", async (t) => {
    const headers = await impersonating(front.url);
    for (const address of ["/orders/7?a=b", "/site/1"]) {
      const came = await seen(address, headers);
      t.ok(namesOf(came).includes("x-guise-assertion"), "the app got the token");
      t.equal(came.url, address);
    }
    const intents = recordsOf(front.data, "impersonation.intent");
    t.ok(
      intents.some(({ url }) => url?.path === "/orders/7"),
      "the request by way of the proxy is on record",
    );
  });

  t.test("headers of ours die on both ways", async (t) => {
    // The gateway itself looks at the mark of a tab.
    for (const [cookie, tab] of [
      ["a=b", { "x-guise-tab": "forged" }],
      ["guise_agent=1", {}],
    ] as const) {
      const came = await seen("/x", { ...FORGED, ...tab, ...SUPPORT, cookie });
      t.notOk(came.rawHeaders.includes("forged"), `${cookie}: ${came.rawHeaders.join(" ")}`);
    }
  });
}

/** WebSockets, and what `guise doctor` says. */
function socketsAndDoctor(t: Test, { url, front }: Split): void {
  t.test("a WebSocket goes the way of its cookies, and is open in both directions", async (t) => {
    const agent = await impersonating(front.url);
    for (const [headers, token] of [
      [{ cookie: "a=b" }, false],
      [agent, true],
    ] as const) {
      const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, { headers, origin: url });
      const [came] = (await once(socket, "message")) as [Buffer];
      const seenBy = JSON.parse(came.toString()) as Came;
      t.equal(namesOf(seenBy).includes("x-guise-assertion"), token);
      socket.send("back and forth");
      const [echo] = (await once(socket, "message")) as [Buffer];
      t.equal(echo.toString(), "back and forth");
      socket.terminate();
    }
  });

  t.test("guise doctor finds it right", async (t) => {
    const { code, out } = await runCommand(doctor, ["split", `${url}/x`, "--echo", "/x", "--json"]);
    t.equal(code, 0, out);
    t.strictSame(
      JSON.parse(out).findings.map(({ outcome }: { outcome: string }) => outcome),
      ["right", "right", "right", "right", "right"],
    );
  });
}

t.test("guise doctor names what is wrong where all goes through the gateway", async (t) => {
  const { front } = await splitStand(t, "nginx");
  const { code, out } = await runCommand(doctor, ["split", `${front.url}/x`, "--echo", "/x"]);
  t.equal(code, 1);
  t.match(out, /wrong +a customer's request never meets Guise: it came through Guise/);
});
