import t from "tap";
import {
  AS,
  CONFIG,
  HOST,
  impersonate,
  request,
  send,
  stand,
  values,
} from "../fixtures/gateway/attack-stand.ts";

/** An answer that leads to these addresses, in every header that leads somewhere. */
function leading(address: string): string {
  const lines = [
    "HTTP/1.1 302 Found",
    `Location: ${address}/next`,
    `Content-Location: ${address}/this`,
    `Link: <${address}/a>; rel=next, <https://other.test/>; rel=prev`,
    `HX-Redirect: ${address}/hx`,
    `X-Inertia-Location: ${address}/inertia`,
    "Content-Length: 0",
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

const NAMES = ["Location", "Content-Location", "Link", "HX-Redirect", "X-Inertia-Location"] as const;

t.test(
  "an app that names its own address, or the public host with its own port, leads nobody away",
  async (t) => {
    const it = await stand(t);
    const cookie = await impersonate(t, it);
    for (const who of [[], [...AS.alice, cookie]]) {
      for (const named of [`http://127.0.0.1:${it.app.port}`, `http://${HOST}:${it.app.port}`]) {
        it.app.answer = () => leading(named);
        const { head } = await send(t, it.port, request("GET /x", who));
        t.same(
          NAMES.map((name) => values(head, name)[0]),
          [
            `http://${HOST}/next`,
            `http://${HOST}/this`,
            `<http://${HOST}/a>; rel=next, <https://other.test/>; rel=prev`,
            `http://${HOST}/hx`,
            `http://${HOST}/inertia`,
          ],
          named,
        );
      }
      it.app.answer = () => leading("http://other.test");
      const { head } = await send(t, it.port, request("GET /x", who));
      t.same(values(head, "Location"), ["http://other.test/next"], "another's address stays");
    }
  },
);

t.test("an app of its own name is asked to move a file on itself", async (t) => {
  const it = await stand(t, { upstream: "{ url: http://127.0.0.1:PORT, host: upstream }" });
  const app = `http://127.0.0.1:${it.app.port}`;
  const fields = [
    `Destination: http://${HOST}/b%20c`,
    `Origin: http://${HOST}`,
    `If: <http://${HOST}/b> (<opaquelocktoken:1>)`,
  ];
  await send(t, it.port, request("MOVE /a", fields));
  const [arrived] = it.app.arrived;
  t.same(
    ["Host", "Destination", "Origin", "If"].map((name) => values(arrived?.head ?? "", name)[0]),
    [app.slice("http://".length), `${app}/b%20c`, app, `<${app}/b> (<opaquelocktoken:1>)`],
  );
});

t.test(
  "an app behind an authenticating proxy reads its headers, and the customer's while impersonating",
  async (t) => {
    const headers =
      "headers: { when: impersonating, user: Remote-User, email: Remote-Email, groups: Remote-Groups, " +
      "pass: [{ names: [Remote-User, Remote-Email, Remote-Groups], from: [127.0.0.1] }] }\n";
    const it = await stand(t, { config: `${CONFIG}${headers}` });
    const cookie = await impersonate(t, it);
    const said = ["Remote-User: alice", "Remote-Email: alice@example.com", "Remote-Groups: support"];
    const remote = async (fields: readonly string[]) => {
      await send(t, it.port, request("GET /x", [...fields, ...said, "Remote_User: root"]));
      return it.app.arrived.at(-1)?.fields.filter((field) => /^remote/i.test(field));
    };
    t.same(await remote(AS.alice), said, "own traffic: the proxy's word, and nobody's alias");
    t.match((await remote([...AS.alice, cookie]))?.join("\n"), /^Remote-User: 17$/m);
    t.notMatch((await remote([...AS.alice, cookie]))?.join("\n"), /alice|root/);
  },
);
