import { once } from "node:events";
import { gzipSync } from "node:zlib";
import t, { type Test } from "tap";
import { WebSocketServer } from "ws";
import { httpApp } from "../../fixtures/apps/upstream.ts";
import { ask, CLICK } from "../../fixtures/client/named.ts";
import {
  frontConfig,
  frontOf,
  impersonating,
  recordsOf,
  SUPPORT,
  socketTo,
} from "../../fixtures/gateway/front.ts";
import { recorded } from "../../fixtures/gateway/signed-in-front.ts";

const KEY = `ghp_${"aB3".repeat(12)}`;
const JSON_BODY = JSON.stringify({ apiKey: "s3cret", name: "Nuno", note: KEY });
const PAGE = `<!doctype html><html><head><title>x</title></head><body><input name=api_key value="s3cret"><p>${KEY}</p></body></html>`;
const ANSWERS: Readonly<Record<string, readonly [type: string, body: string | Buffer]>> = {
  "/site/1": ["text/html", PAGE],
  "/fragment": ["text/html; charset=utf-8", '<input name=api_key value="s3cret">'],
  "/json": ["application/json", JSON_BODY],
  "/zipped": ["application/json", JSON_BODY],
  "/script.js": ["text/javascript", `var key = "${KEY}";`],
  "/picture": ["image/png", Buffer.from([0x89, 0x50, 0xff, 0x00])],
  "/utf-16": ["text/plain; charset=utf-16le", Buffer.from(KEY, "utf16le")],
  "/bom": ["text/plain", Buffer.from(`\ufeff${KEY}`, "utf16le")],
};

/** Of one connection, and of a moment. */
const HOP = { date: "", "keep-alive": "" };

const WITHHOLD = `page:
  withhold: { presets: [api-keys], keys: [apiKey], selectors: ["input[name=api_key]"] }
`;

/** An app that gives what it is asked for, whole or in part, and compressed where it may. */
async function behind(t: Test) {
  const app = await httpApp(t, (request, response) => {
    const [type, body] = ANSWERS[request.url ?? ""] ?? ["text/plain", "?"];
    const zips = request.url === "/zipped" || request.headers["accept-encoding"]?.includes("gzip") === true;
    const wanted = zips ? gzipSync(body) : body;
    if (wanted !== body) response.setHeader("content-encoding", "gzip");
    response.setHeader("content-type", type);
    response.setHeader("etag", '"1"');
    response.setHeader("content-length", Buffer.byteLength(wanted));
    response.end(request.method === "HEAD" ? undefined : wanted);
  });
  const front = await frontOf(t, frontConfig(app.origin, WITHHOLD));
  const alice = await impersonating(front.url);
  const inside = {
    ...alice,
    "sec-fetch-site": "same-origin",
    "sec-fetch-mode": "cors",
    "sec-fetch-dest": "empty",
  };
  const fetched = (path: string, more: Record<string, string> = {}, method = "GET") =>
    ask(`${front.url}${path}`, { ...inside, ...more }, method);
  return { app, front, alice, fetched };
}

t.test(
  "what is withheld is in no answer while somebody is viewed, and how much it was is on record",
  async (t) => {
    const { front, fetched } = await behind(t);
    const json = await fetched("/json", { "accept-encoding": "gzip, br", range: "bytes=5-40" });
    t.same(JSON.parse(json.body), { apiKey: "(withheld)", name: "Nuno", note: "(withheld)" });
    t.equal(json.headers["content-length"], undefined);
    t.equal((await fetched("/script.js")).body, 'var key = "(withheld)";');
    t.equal((await fetched("/fragment")).body, '<input name=api_key value="(withheld)">');
    const outcomes = await recorded(front.data, "impersonation.outcome", 4);
    const counted = Object.fromEntries(
      outcomes.map((it) => [it.url?.path, (it as { guise: { withheld?: number } }).guise.withheld]),
    );
    t.same(counted, { "/site/1": 2, "/json": 2, "/script.js": 1, "/fragment": 1 });
    t.notMatch(JSON.stringify(recordsOf(front.data, "impersonation.outcome")), /s3cret|ghp_/);
  },
);

t.test("a page has its banner, and the rest of it as the app made it", async (t) => {
  const { front, alice } = await behind(t);
  const { body } = await ask(`${front.url}/site/1`, { ...CLICK, ...alice, "sec-fetch-site": "same-origin" });
  t.match(body, "<guise-banner");
  t.match(body, '<input name=api_key value="(withheld)"><p>(withheld)</p></body></html>');
  t.notMatch(body, /s3cret|ghp_/);
});

t.test(
  "the app is asked for the whole, uncompressed; what is compressed anyway is looked at too",
  async (t) => {
    const { app, fetched } = await behind(t);
    await fetched("/json", { "accept-encoding": "gzip", range: "bytes=5-40" });
    const seen = app.seen.at(-1)?.headers;
    t.equal(seen?.range, undefined);
    t.equal(seen?.["accept-encoding"], "identity");
    const zipped = await fetched("/zipped");
    t.match(JSON.parse(zipped.body), { apiKey: "(withheld)" });
    t.equal(zipped.headers["content-encoding"], undefined);
  },
);

t.test("pictures go through as they are, and an answer to HEAD has no length that isn't so", async (t) => {
  const { fetched } = await behind(t);
  t.match(await fetched("/picture"), { headers: { "content-length": "4", etag: '"1"' } });
  const head = await fetched("/json", {}, "HEAD");
  t.equal(head.status, 200);
  t.equal(head.headers["content-length"], undefined);
});

t.test("text in which nothing can be looked for isn't shown", async (t) => {
  const { fetched } = await behind(t);
  for (const path of ["/utf-16", "/bom"]) {
    const answer = await fetched(path);
    t.equal(answer.status, 502, path);
    t.match(answer.body, /page-unmarkable/);
  }
});

t.test("own traffic is not touched, compressed or not", async (t) => {
  const { app, front } = await behind(t);
  for (const path of Object.keys(ANSWERS))
    for (const coding of ["identity", "gzip"]) {
      const headers = { ...SUPPORT, "accept-encoding": coding };
      const direct = await ask(`${app.origin}${path}`, headers);
      const own = await ask(`${front.url}${path}`, headers);
      t.equal(own.body, direct.body, `${path} ${coding}`);
      t.same({ ...own.headers, ...HOP }, { ...direct.headers, ...HOP });
    }
});

t.test("an event stream is looked at as it comes; a socket is not, as docs/page.md says", async (t) => {
  const app = await httpApp(t, (request, response) => {
    if (request.url !== "/events") return void response.setHeader("content-type", "text/html").end(PAGE);
    response.setHeader("content-type", "text/event-stream").write(`data: ${KEY}\n\n`);
  });
  const sockets = new WebSocketServer({ server: app.server, path: "/ws" });
  sockets.on("connection", (socket) => socket.on("message", () => socket.send(KEY)));
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate();
  });
  const { url } = await frontOf(t, frontConfig(app.origin, WITHHOLD));
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const alice = await impersonating(url);
  const events = await fetch(`${url}/events`, { headers: alice, signal: stop.signal });
  const first = await events.body?.getReader().read();
  t.equal(new TextDecoder().decode(first?.value), "data: (withheld)\n\n");
  const socket = await socketTo(url, "/ws", alice);
  socket.send("a key, please");
  t.equal(String((await once(socket, "message"))[0]), KEY);
  socket.terminate();
});
