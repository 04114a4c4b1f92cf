import { once } from "node:events";
import t from "tap";
import { WebSocket } from "ws";
import { loginApp } from "../../fixtures/apps/login-app.ts";
import { recordsOf } from "../../fixtures/gateway/front.ts";
import { BY_TOKEN, recorded, signedInFront, visit } from "../../fixtures/gateway/signed-in-front.ts";

/** The app's pages need no session: it is told by tokens. */
const FIRST = "/api/page";

t.test("a page that holds the agent's token gets the customer's data, and keeps its own token", async (t) => {
  const app = await loginApp(t);
  const { url, data } = await signedInFront(t, app, BY_TOKEN);
  const alice = await visit(url);
  const answer = await alice.fetch(FIRST, "GET", { authorization: "Bearer of the agent" });
  t.match(JSON.parse(answer.body), { id: "17", name: "Nuno" });
  t.match(JSON.parse((await alice.fetch(FIRST)).body), { id: "17" });
  const tokens = [...app.tokens.keys()];
  t.equal(tokens.length, 1);
  t.notMatch(JSON.stringify([alice.first.headers, answer]), tokens[0] ?? "");
  t.notMatch(JSON.stringify(recordsOf(data, "sign-in.performed")), tokens[0] ?? "");
  for (const { headers } of app.seen.filter(({ url: path }) => path === FIRST))
    t.equal(headers.authorization, `Bearer ${tokens[0]}`);
});

t.test("a token in the address of an event stream or a socket is exchanged", async (t) => {
  const app = await loginApp(t);
  const { url } = await signedInFront(t, app, BY_TOKEN);
  const alice = await visit(url);
  const stop = new AbortController();
  const events = await fetch(`${url}/api/events?token=of-the-agent&x=1`, {
    headers: alice.headers,
    signal: stop.signal,
  });
  const reader = events.body?.getReader();
  t.equal(new TextDecoder().decode((await reader?.read())?.value), "data: 17\n\n");
  stop.abort();
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws?token=of-the-agent`, {
    headers: alice.headers,
    origin: url,
  });
  t.equal(String((await once(socket, "message"))[0]), "you are 17");
  socket.terminate();
  const [token] = app.tokens.keys();
  t.ok(app.seen.some(({ url: path }) => path === `/api/events?token=${token}&x=1`));
});

t.test(
  "a page that renews its token gets the answer of the config, in any mode, and the app hears nothing of it",
  async (t) => {
    const app = await loginApp(t);
    const { url, data } = await signedInFront(t, app, BY_TOKEN);
    const alice = await visit(url);
    const answer = await alice.fetch("/api/refresh", "POST");
    t.match(answer, { status: 200, headers: { "cache-control": "no-store" } });
    t.same(JSON.parse(answer.body), { token: "kept by the gateway", expiresIn: 3600 });
    t.equal(app.asked("/api/refresh"), 0);
    const outcomes = await recorded(data, "impersonation.outcome", 2);
    t.match(outcomes.at(-1), {
      url: { path: "/api/refresh" },
      event: { outcome: "success" },
    });
  },
);

t.test(
  "a token that the app has withdrawn is made anew, and the last one is withdrawn at the end",
  async (t) => {
    const app = await loginApp(t);
    const { url, data } = await signedInFront(t, app, BY_TOKEN);
    const alice = await visit(url);
    app.tokens.clear();
    t.equal((await alice.fetch(FIRST)).status, 307);
    t.match(JSON.parse((await alice.fetch(FIRST)).body), { id: "17" });
    t.equal(app.tokens.size, 1);
    t.equal(recordsOf(data, "sign-in.performed").length, 2);
    await alice.open("/leave");
    await recorded(data, "sign-in.ended");
    t.equal(app.tokens.size, 0);
  },
);
