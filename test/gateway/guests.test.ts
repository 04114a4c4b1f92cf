import t from "tap";
import { AS, CLICK, CONFIG, HOST, INSIDE, request, send, stand } from "../fixtures/gateway/attack-stand.ts";

// A person whom no grant makes an agent, or nobody knows: whatever their cookies are called, their requests go on byte for byte.
const LOOKS_LIKE_OURS = `${"Ab-_".repeat(10)}xyz`;
const http = await stand(t);
const https = await stand(t, { config: `${CONFIG}publicUrl: https://${HOST}\n` });

/** The request as the app got it, without what a proxy says of itself. */
function withoutForwarded(head: string): string {
  return head.replace(/^(?:X-(?:Forwarded|Guise)-[^\r]*|Connection: keep-alive)\r\n/gim, "");
}

t.test(
  "a guest's cookie that looks like ours leaves target, headers and their order as they came",
  async (t) => {
    for (const who of [[], AS.nuno])
      for (const target of ["//x", "/%7euser/./b", "/site/1//x?a=1&_guise_tab=t"])
        for (const fields of [[], INSIDE, CLICK])
          for (const [it, name] of [
            [http, "guise"],
            [https, "__Host-guise"],
          ] as const)
            for (const cookie of [
              `a=1; ${name}=${LOOKS_LIKE_OURS}; b=2`,
              `${name}=${LOOKS_LIKE_OURS}; ${name}=${"b".repeat(43)}`,
            ]) {
              const asked = [`Cookie: ${cookie}`, ...fields, "X-Last: 1"];
              const { status } = await send(t, it.port, request(`GET ${target}`, [...who, ...asked]));
              t.equal(status, 200, `${target} ${cookie}`);
              t.equal(
                withoutForwarded(it.app.arrived.at(-1)?.head ?? ""),
                request(`GET ${target}`, [...who, ...asked]),
              );
            }
  },
);

t.test("a guest who plants the mark of a browser that views somebody is a guest", async (t) => {
  for (const mark of ["__Host-guise-worn=1", "__Host-guise-impersonating=1"])
    for (const who of [[], AS.nuno])
      for (const target of ["/x", "//x?y"])
        for (const site of ["same-origin", "cross-site", "none"]) {
          const fields = [`Cookie: a=1; ${mark}; b=2`, ...CLICK.slice(0, 4), `Sec-Fetch-Site: ${site}`];
          const { status } = await send(t, https.port, request(`GET ${target}`, [...who, ...fields]));
          t.equal(status, 200, `${target} ${site}`);
          t.equal(
            withoutForwarded(https.app.arrived.at(-1)?.head ?? ""),
            request(`GET ${target}`, [...who, ...fields]),
          );
        }
  const before = https.app.arrived.length;
  const agent = await send(
    t,
    https.port,
    request("GET /x", [...AS.alice, ...INSIDE, "Cookie: __Host-guise-worn=1"]),
  );
  t.equal(agent.status, 409, "of an agent it may be one of a version before");
  t.equal(https.app.arrived.length, before);
});

t.test("a notice that a guest writes changes nothing of how a page is fetched", async (t) => {
  const fields = ["Accept-Encoding: gzip, br", ...CLICK];
  const notice = "Cookie: a=1; guise-notice=TWlh.zzzzzz.aaaa";
  t.equal((await send(t, http.port, request("GET /x", [notice, ...fields]))).status, 200);
  t.equal(
    withoutForwarded(http.app.arrived.at(-1)?.head ?? ""),
    request("GET /x", ["Cookie: a=1", ...fields]),
  );
});

/** What stands behind the name of a cookie of ours, as strangers, apps and scripts write it. */
const VALUES: readonly string[] = [
  ...["", "=", "==", "=x", '="x"', "=%00", "= x ", `=${"x".repeat(3_000)}`],
  ...[`=${LOOKS_LIKE_OURS}`, "=TWlh.zzzzzz.aaaa", "=v1.aaaa", "=1", "=\xff\xfe"],
];
const OURS = ["guise", "guise-notice", "guise-impersonating", "guise-worn", "guise-here", "guise-before"];
const MORE = ["guise-nonce", "guise-sign-in", "guise-sign-in-x", "guise-near", "guise_agent", "guise-none"];

t.test(
  "no shape of a cookie of ours is a fault, and a guest's request goes on with all others",
  async (t) => {
    const wrong: string[] = [];
    for (const it of [http, https])
      for (const name of [...OURS, ...MORE].flatMap((bare) => [bare, `__Host-${bare}`, `__Secure-${bare}`]))
        for (const [at, value] of VALUES.entries()) {
          const one = `${name}${value}`;
          const cookie = `a=1; ${one}; ${at % 2 === 0 ? one : `${name}${VALUES[at - 1]}`}; b=2`;
          for (const who of [AS.nuno, AS.alice]) {
            const head = request("GET /x", [...who, ...INSIDE, `Cookie: ${cookie}`]);
            const { status } = await send(t, it.port, head);
            if (who === AS.alice) {
              if (![200, 400, 409].includes(status))
                wrong.push(`${cookie.slice(0, 99)}: ${status} for an agent`);
            } else if (status !== 200 || !/^Cookie: a=1;.* b=2\r$/m.test(it.app.arrived.at(-1)?.head ?? ""))
              wrong.push(`${cookie.slice(0, 99)}: ${status} for a guest`);
          }
        }
    t.same(wrong, []);
  },
);

t.test("none of that raises an invariant", async (t) => {
  for (const it of [http, https]) t.equal(await it.metric("guise_invariant_violations_total"), 0);
});
