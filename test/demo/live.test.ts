import { once } from "node:events";
import t from "tap";
import { type RawData, WebSocket } from "ws";
import { demoFor, signedIn } from "./visitor.ts";

function refusalOf(socket: WebSocket): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    socket.once("unexpected-response", (_request, response) => {
      response.resume();
      resolve(response.statusCode);
    });
    socket.once("open", () => reject(new Error("The socket was opened.")));
  });
}

/** The next message for which `wanted` is true. */
function messageOf(
  socket: WebSocket,
  wanted: (text: string, isBinary: boolean) => boolean,
): Promise<RawData> {
  return new Promise((resolve) => {
    socket.on("message", (data, isBinary) => {
      if (wanted(data.toString(), isBinary)) resolve(data);
    });
  });
}

t.test("the live socket says who it is for, ticks, and echoes", async (t) => {
  const demo = await demoFor(t);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  const socket = new WebSocket(`${demo.url.replace("http", "ws")}/ws/live`, {
    headers: { cookie: nuno.cookieHeader() },
  });
  const hello = messageOf(socket, (text) => text.includes('"hello"'));
  const tick = messageOf(socket, (text) => text.includes('"tick"'));
  const echo = messageOf(socket, (text) => text.includes('"echo"'));
  const binary = messageOf(socket, (_text, isBinary) => isBinary);
  const [response] = await once(socket, "upgrade");
  t.match(response.headers["set-cookie"]?.[0], `demo_session=${nuno.cookies.get("demo_session")};`);
  t.strictSame(JSON.parse(String(await hello)), { kind: "hello", user: { id: "17", name: "Nuno Almeida" } });
  t.match(JSON.parse(String(await tick)), { kind: "tick", site: "9421", ok: true });
  socket.send("Olá");
  socket.send(Buffer.from([0, 255, 7]));
  t.strictSame(JSON.parse(String(await echo)), { kind: "echo", text: "Olá" });
  t.strictSame(await binary, Buffer.from([0, 255, 7]));
  socket.close();
  await once(socket, "close");
});

t.test("who isn't signed in gets a 401 instead of the upgrade", async (t) => {
  const demo = await demoFor(t);
  const address = `${demo.url.replace("http", "ws")}/ws/live`;
  t.equal(await refusalOf(new WebSocket(address)), 401);
  const headers = { cookie: "demo_session=nobody" };
  t.equal(await refusalOf(new WebSocket(address, { headers })), 401);
});

t.test("no other address can be upgraded", async (t) => {
  const demo = await demoFor(t);
  t.equal(await refusalOf(new WebSocket(`${demo.url.replace("http", "ws")}/sites`)), 404);
});

t.test("a token that isn't good opens no socket", async (t) => {
  const demo = await demoFor(t, "http://127.0.0.1:1/jwks.json");
  const nuno = await signedIn(demo.url, "nuno@example.com");
  const headers = { cookie: nuno.cookieHeader(), "x-guise-assertion": "x.y.z" };
  t.equal(await refusalOf(new WebSocket(`${demo.url.replace("http", "ws")}/ws/live`, { headers })), 401);
});

async function readUntil(body: ReadableStream<Uint8Array>, wanted: string): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes(wanted)) break;
  }
  return text;
}

t.test("the event stream sends checks as they are done and goes on after the last one seen", async (t) => {
  const demo = await demoFor(t);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  const stream = await nuno.get("/sse/checks");
  t.match(stream.headers.get("content-type"), /^text\/event-stream/);
  if (stream.body === null) throw new Error("There is no body.");
  const text = await readUntil(stream.body, "id: 1\n");
  t.match(text, /id: 0\nevent: check\ndata: \{"kind":"tick","number":0,"site":"9421"/);

  const later = await nuno.get("/sse/checks", { "last-event-id": "41" });
  if (later.body === null) throw new Error("There is no body.");
  t.match(await readUntil(later.body, "event:"), "id: 42\n");
});

t.test("the event stream is for members only", async (t) => {
  const demo = await demoFor(t);
  t.equal((await fetch(`${demo.url}/sse/checks`)).status, 401);
});

t.test("closing the app ends streams and sockets that are still open", async (t) => {
  const demo = await demoFor(t);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  const socket = new WebSocket(`${demo.url.replace("http", "ws")}/ws/live`, {
    headers: { cookie: nuno.cookieHeader() },
  });
  await once(socket, "open");
  const stream = await nuno.get("/sse/checks");
  const closed = once(socket, "close");
  const ended = stream.text().then(
    () => "ended",
    () => "cut",
  );
  await demo.close();
  await closed;
  t.match(await ended, /ended|cut/);
});
