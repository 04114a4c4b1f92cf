import t from "tap";
import { OK, saying, usual } from "../fixtures/apps/attack-app.ts";
import { allSenders, fire } from "../fixtures/client/attack-requests.ts";
import { stand, WRITE } from "../fixtures/gateway/attack-stand.ts";

// In mode write, so that an impersonation may send bodies of every kind.
const it = await stand(t, { config: WRITE });

const upstreams = await allSenders(t, it);

const requests = upstreams.filter(({ socket }) => !socket);

/** Answers that can be read in two ways, or not at all. */
const UNREADABLE: Readonly<Record<string, string>> = {
  "two framings": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "two lengths": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
  "an odd length": "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nab",
  "a length that may be octal": "HTTP/1.1 200 OK\r\nContent-Length: 010\r\n\r\n0123456789",
  "another coding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
  "101 that nobody asked for":
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\n",
  "a head that is cut": "HTTP/1.1 200 OK\r\nContent-Le",
  "no HTTP": "SSH-2.0-OpenSSH_9.2\r\n\r\n",
  "a header with NUL": "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nab",
};

t.test("SMUG-05: an answer with two readings is 502, and its connection is never used again", async (t) => {
  for (const sender of upstreams) {
    for (const [what, bytes] of Object.entries(UNREADABLE)) {
      it.app.answer = (_request, socket) => {
        socket.write(bytes, "latin1");
        if (what.includes("cut")) socket.end();
        return null;
      };
      const { reply, arrived } = await fire(t, it, sender);
      t.equal(reply.status, 502, `${sender.name}: ${what}`);
      t.notMatch(reply.text, /127\.0\.0\.1|SSH/, "a generic body");
      it.app.answer = usual;
      const next = await fire(t, it, sender);
      t.equal(next.reply.status, sender.socket ? 101 : 200, `${sender.name}: after ${what}`);
      t.not(
        next.arrived[0]?.connection,
        arrived[0]?.connection,
        `${sender.name}: after ${what}, another connection`,
      );
    }
  }
});

/** Answers that are odd, and have one reading. */
const ODD: Readonly<Record<string, string>> = {
  "a folded header": "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
  "bare line feeds": "HTTP/1.1 200 OK\nX: a b\nContent-Length: 2\n\nok",
  "a space before a colon": "HTTP/1.1 200 OK\r\nX : a b\r\nContent-Length : 2\r\n\r\nok",
  "equal lengths": "HTTP/1.1 200 OK\r\nX: a b\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nok",
  "100 that nobody asked for":
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: a b\r\nContent-Length: 2\r\n\r\nok",
};

t.test(
  "SMUG-05: an odd answer with one reading comes out tidy, and its connection is never used again",
  async (t) => {
    for (const sender of requests) {
      for (const [what, bytes] of Object.entries(ODD)) {
        it.app.answer = () => bytes;
        const { reply, arrived } = await fire(t, it, sender);
        t.match(reply, { status: 200, body: "ok" }, `${sender.name}: ${what}`);
        t.match(reply.text, /\r\nX: a b\r\nContent-Length: 2\r\n/, `${sender.name}: ${what}`);
        t.equal(reply.text.match(/content-length/gi)?.length, 1, `${sender.name}: ${what}`);
        it.app.answer = usual;
        const next = await fire(t, it, sender);
        t.not(next.arrived[0]?.connection, arrived[0]?.connection, `${sender.name}: after ${what}`);
      }
    }
  },
);

t.test("SMUG-05: bytes behind an answer are nobody's answer", async (t) => {
  const second = saying("STOLEN");
  for (const sender of requests) {
    it.app.answer = () => OK + second;
    await fire(t, it, sender);
    it.app.answer = usual;
    for (let n = 0; n < 3; n += 1) {
      const { reply } = await fire(t, it, sender);
      t.notMatch(reply.text, /STOLEN/, sender.name);
      t.equal(reply.status, 200);
    }
  }
});

t.test("SMUG-05: an answer that can have no body says no length either", async (t) => {
  for (const sender of requests) {
    it.app.answer = () => "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nSTOLE";
    const { reply } = await fire(t, it, sender);
    t.equal(reply.status, 204, sender.name);
    t.notMatch(reply.text, /content-length|STOLE/i, sender.name);
    it.app.answer = usual;
    const next = await fire(t, it, sender);
    t.match(next.reply, { status: 200, body: "ok" }, `${sender.name}: and what came behind is nobody's`);
  }
});

t.test("SMUG-05: hints before an answer end here", async (t) => {
  for (const sender of requests) {
    it.app.answer = () =>
      `HTTP/1.1 103 Early Hints\r\nLink: </evil.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}`;
    const { reply } = await fire(t, it, sender);
    t.match(reply.text, /^HTTP\/1\.1 200 OK\r\n/, sender.name);
    t.notMatch(reply.text, /evil/, sender.name);
  }
  it.app.answer = usual;
});
