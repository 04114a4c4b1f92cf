import t, { type Test } from "tap";
import { saying } from "../fixtures/apps/attack-app.ts";
import { raw, type Wire } from "../fixtures/client/raw.ts";
import { AS, CONFIG, request, type Stand, send, stand } from "../fixtures/gateway/attack-stand.ts";

const INNOCENT = 300;

/** Each answer of the app names its request. */
const echoing = ({ target }: { readonly target: string }) => saying(`answer to ${target}.`);

/** Sends innocent requests on connections of their own, a few at a time; gives those that got another one's answer. */
async function misled(t: Test, at: Stand, from: readonly string[] = []): Promise<readonly string[]> {
  const wrong: string[] = [];
  let next = 0;
  const visitor = async (): Promise<void> => {
    while (next < INNOCENT) {
      next += 1;
      const target = `/innocent/${next}`;
      const { body, status } = await send(t, at.port, request(`GET ${target}`, [...AS.nuno, ...from]));
      if (status !== 200 || body !== `answer to ${target}.`) wrong.push(`${target}: ${status} ${body}`);
    }
  };
  await Promise.all(Array.from({ length: 10 }, visitor));
  return wrong;
}

/** Keeps sending this on kept connections until it is told to stop. */
async function attack(t: Test, at: Stand, bytes: string, fields: readonly string[] = []) {
  const lines: Wire[] = [];
  let going = true;
  const attacker = async (): Promise<void> => {
    while (going) {
      const line = await raw(t, at.port);
      lines.push(line);
      for (let turn = 0; turn < 5 && going; turn += 1) {
        line.send(bytes.replace("\r\n", `\r\n${fields.map((it) => `${it}\r\n`).join("")}`));
        await line.until(new RegExp(`(HTTP/1\\.1 \\d\\d\\d [\\s\\S]*){${turn + 1}}`)).catch(() => null);
      }
      line.socket.destroy();
    }
  };
  const attackers = Array.from({ length: 5 }, attacker);
  return async () => {
    going = false;
    for (const { socket } of lines) socket.destroy();
    await Promise.all(attackers);
  };
}

const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: app.example\r\n\r\n";
const CL0 = `POST /ignores HTTP/1.1\r\nHost: app.example\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`;

/** An app that takes no body for its own at `/ignores`, so that it answers what stands in it, at once or later. */
function ignoring(at: Stand, later: number | null): void {
  const evil = saying("answer to /smuggled.");
  at.app.answer = (asked, socket) => {
    if (asked.target !== "/ignores") return echoing(asked);
    if (later === null) return echoing(asked) + evil;
    setTimeout(() => socket.writable && socket.write(evil, "latin1"), later);
    return echoing(asked);
  };
}

for (const later of [null, 0, 5, 50]) {
  const when = later === null ? "at once" : `${later} ms later`;
  t.test(
    `SMUG-07: an app that ignores a body and answers what is in it ${when} misleads nobody`,
    async (t) => {
      const at = await stand(t);
      ignoring(at, later);
      const stop = await attack(t, at, CL0);
      const wrong = await misled(t, at);
      await stop();
      t.same(wrong, []);
      t.ok(
        at.app.begun.some((head) => head.startsWith("POST /ignores")),
        "the attack took place",
      );
    },
  );
}

t.test("SMUG-07: an app that says too much to a GET misleads nobody", async (t) => {
  for (const later of [0, 20]) {
    const at = await stand(t);
    ignoring(at, later);
    const stop = await attack(t, at, request("GET /ignores", []).replace(/connection: close\r\n/i, ""));
    const wrong = await misled(t, at);
    await stop();
    t.same(wrong, [], `${later} ms later`);
  }
});

t.test("SMUG-07: behind a proxy that shares its connections a body misleads nobody either", async (t) => {
  const at = await stand(t, { config: `${CONFIG}trustedProxies: [127.0.0.1]\n` });
  ignoring(at, 5);
  const proxy = await raw(t, at.port);
  const ask = async (bytes: string, target: string): Promise<string> => {
    const before = proxy.text().length;
    proxy.send(bytes);
    await proxy.until(new RegExp(`^[\\s\\S]{${before}}[\\s\\S]*(?:answer to [\\w/]+\\.|\\})$`));
    const said = /answer to (\S+)\.$/.exec(proxy.text())?.[1];
    return said === target ? "right" : `${said} to ${target}`;
  };
  for (let n = 0; n < 50; n += 1) {
    const as = (address: number) => `Host: app.example\r\nX-Forwarded-For: 203.0.113.${address}\r\n`;
    // Who attacks may shift answers of their own.
    await ask(CL0.replace("Host: app.example\r\n", as(9)), "/ignores");
    const innocent = await ask(`GET /innocent/${n} HTTP/1.1\r\n${as(7)}\r\n`, `/innocent/${n}`);
    t.equal(innocent, "right");
  }
});

t.test("SMUG-08: a connection that somebody authenticated is nobody else's", async (t) => {
  for (const scheme of ["NTLM", "Negotiate"]) {
    const at = await stand(t);
    const known = new Set<number>();
    at.app.answer = ({ head, connection }) => {
      if (/^authorization: \w+ type3\r$/im.test(head)) known.add(connection);
      if (known.has(connection)) return saying("secret");
      const challenge = /^authorization: /im.test(head) ? `${scheme} type2` : scheme;
      return `HTTP/1.1 401 Who\r\nWWW-Authenticate: ${challenge}\r\nContent-Length: 0\r\n\r\n`;
    };
    const ann = await raw(t, at.port);
    const say = (line: string) => ann.send(`GET / HTTP/1.1\r\nHost: app.example\r\n${line}\r\n`);
    say(`Authorization: ${scheme} type1\r\n`);
    await ann.until("type2");
    say(`Authorization: ${scheme} type3\r\n`);
    await ann.until("secret");
    say("");
    await ann.until(/secret[\s\S]*secret/);
    for (let n = 0; n < 20; n += 1)
      t.equal(
        (await send(t, at.port, request("GET /", []))).status,
        401,
        `${scheme}: somebody without credentials`,
      );
  }
});
