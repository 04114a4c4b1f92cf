import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import type { Checkpoint } from "../../src/audit/journal/checkpoint.ts";
import { linkOf } from "../../src/audit/record/hash-chain.ts";
import { Verifier } from "../../src/audit/verify/verify.ts";
import {
  AS,
  CONFIG,
  INSIDE,
  impersonate,
  type Line,
  request,
  type Stand,
  send,
  stand,
} from "../fixtures/gateway/attack-stand.ts";

const it = await stand(t);
const cookie = await impersonate(t, it);
const impersonating = [...AS.alice, ...INSIDE, cookie];

async function outcomeOf(path: string): Promise<Line> {
  return await it.recorded(
    (line) => line.event.action === "impersonation.outcome" && line.url?.path === path,
  );
}

/** The journal's files as text. */
function files(at: Stand = it): readonly string[] {
  const folder = join(at.data, "audit");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8"));
}

t.test("AUD-01: whatever a client says, a record is one printable line of bounded length", async (t) => {
  const agents = [
    'quote " and \\ and }',
    "\u2028line\u202eturned",
    "U".repeat(10_000),
    '"},{"event":{"action":"forged"}}',
  ];
  for (const [n, agent] of agents.entries()) {
    await send(
      t,
      it.port,
      request(`GET /odd/${n}?a=${"q".repeat(6_000)}`, [
        ...impersonating,
        `User-Agent: ${Buffer.from(agent).toString("latin1")}`,
      ]),
    );
    const outcome = await outcomeOf(`/odd/${n}`);
    t.ok(outcome.guise?.truncated?.includes("url.query"), "what is cut is named");
  }
  const long = `/odd/${"x".repeat(1_500)}/${"y".repeat(1_500)}`;
  await send(t, it.port, request(`GET ${long}`, impersonating));
  const cut = await it.recorded(
    (line) =>
      line.event.action === "impersonation.outcome" && line.guise?.truncated?.includes("url.path") === true,
  );
  t.equal(cut.url?.path.length, 2_048);
  // What a terminal would obey is refused: in a header by the parser, in an address at the door, which is on record.
  const raw = await send(
    t,
    it.port,
    request("GET /odd/esc", [...impersonating, "User-Agent: \x1b[2J\x1b[31mred"]),
  );
  t.equal(raw.status, 400);
  const escaped = await send(t, it.port, request("GET /odd/%1b[2J%0d%0a{", impersonating));
  t.equal(escaped.status, 400);
  await it.recorded(
    (line) => line.event.action === "impersonation.denied" && line.url?.path === "/odd/%1b[2J%0d%0a{",
  );
  const endless = await send(t, it.port, request(`GET /odd/${"x".repeat(1_000_000)}`, impersonating));
  t.equal(endless.status, 431, "and a megabyte is no address");
  const named = await stand(t, {
    config: CONFIG.replace(
      "name: Nuno Almeida",
      `name: ${JSON.stringify(`\u202e\u2066"},{${"N".repeat(300)}`)}`,
    ),
  });
  await impersonate(t, named);
  const started = await named.recorded((line) => line.event.action === "impersonation.started");
  t.match(started, { user: { effective: { id: "17" } } });
  for (const text of [...files(), ...files(named)]) {
    for (const line of text.trim().split("\n")) {
      t.ok(
        line.length < 20_000 && /^[\x20-\x7e\u00a0-\uffff]*$/.test(line) && !/[\u2028\u202e]/.test(line),
        "one plain line",
      );
      t.not(JSON.parse(line).event?.action, "forged");
    }
  }
});

t.test("AUD-02: an edit, a gap, a swap, an insertion and a cut are all found", async (t) => {
  for (let n = 0; n < 5; n += 1) {
    await send(t, it.port, request(`GET /chain/${n}`, impersonating));
    await outcomeOf(`/chain/${n}`);
  }
  const lines = files().join("").trim().split("\n");
  const findings = (changed: readonly string[]) => {
    const verify = new Verifier({ keys: null });
    for (const line of changed) verify.line(Buffer.from(line), null);
    return verify.report().findings.length;
  };
  t.equal(findings(lines), 0, "whole as it is");
  const middle = Math.floor(lines.length / 2);
  const line = lines[middle] ?? "";
  const attacks = {
    "one letter": lines.with(middle, line.replace("alice", "alicf")),
    "one deleted": lines.toSpliced(middle, 1),
    "two swapped": lines.with(middle, lines[middle + 1] ?? "").with(middle + 1, line),
    "one inserted": lines.toSpliced(middle, 0, line),
    "the beginning again": [...lines, ...lines.slice(0, 3)],
    "an old journal again": [...lines, ...lines],
    "the end before the beginning": [...lines.slice(middle), ...lines.slice(0, middle)],
  };
  for (const [what, changed] of Object.entries(attacks)) t.ok(findings(changed) > 0, what);
  t.ok(linkOf(Buffer.from(line)) !== null);

  // A tail that is cut off leaves a whole chain: only what was kept elsewhere shows it.
  await it.close();
  const whole = files().join("").trim().split("\n");
  const at = whole.findLastIndex((each) => JSON.parse(each).guise.checkpoint !== undefined);
  const { checkpoint } = JSON.parse(whole[at] ?? "").guise;
  t.ok(at > middle, "a checkpoint was attested at the end");
  const kindsOf = (left: readonly string[], attested: readonly Checkpoint[]) => {
    const verify = new Verifier({ keys: null, attested });
    for (const each of left) verify.line(Buffer.from(each), null);
    return verify.report().findings.map(({ kind }) => kind);
  };
  t.same(kindsOf(whole, [checkpoint]), [], "it attests what is there");
  t.same(kindsOf(whole.slice(0, middle), []), [], "the rest knows nothing of what is gone");
  t.same(kindsOf(whole.slice(0, middle), [checkpoint]), ["cut"], "the checkpoint does");
  t.ok(kindsOf([], [checkpoint]).length > 0, "also where all of it is gone");
});

t.test("AUD-03: no secret is in any record", async (t) => {
  const other = await stand(t, {
    config: `${CONFIG}audit: { capture: { body: fields, headers: [x-api-key, x-plain] }, hash: [customer] }\n`,
  });
  const cookie = await impersonate(t, other);
  const secrets = [
    "token=S3CRET1",
    "reset_password=S3CRET2",
    "api_key=S3CRET3",
    "sessionId=S3CRET4",
    "code=S3CRET5",
    "x=eyJhbGciOiJub25lIn0.eyJzdWIiOiJTM0NSRVQ2In0.",
    "next=/reset?token=S3CRET9",
    "next=%2Freset%3Ftoken%3DS3CRET10",
    "a=1;token=S3CRET11",
    "at=https%3A%2F%2Fnuno%3AS3CRET12%40example.com",
  ];
  await send(
    t,
    other.port,
    request(`GET /secrets?${secrets.join("&")}&page=2&customer=S3CRET9`, [
      ...AS.alice,
      ...INSIDE,
      cookie,
      "Authorization: Bearer S3CRET7",
      "X-Api-Key: S3CRET8",
    ]),
  );
  const line = await other.recorded(
    (it) => it.event.action === "impersonation.outcome" && it.url?.path === "/secrets",
  );
  t.match(line.url?.query, /page=2/, "what is no secret stays");
  t.match(line.url?.query, /customer=hmac:[0-9a-f]{32}/, "what the config names is told by its hash");
  const body = "name=Nuno&password=S3CRET10&new_token=S3CRET11&customer=S3CRET9";
  const posted = await send(
    t,
    other.port,
    request(
      "POST /search",
      [
        ...[
          ...AS.alice,
          ...INSIDE,
          cookie,
          "X-Api-Key: S3CRET12",
          "X-Plain: eyJhbGciOiJub25lIn0.eyJzdWIiOiJTM0NSRVQ2In0.",
        ],
        ...["Content-Type: application/x-www-form-urlencoded", `Content-Length: ${body.length}`],
      ],
      body,
    ),
  );
  t.equal(posted.status, 200);
  const form = await other.recorded(
    (it) => it.event.action === "impersonation.intent" && it.url?.path === "/search",
  );
  const kept = JSON.stringify(form.http?.request);
  t.match(kept, /name=Nuno&password=\[redacted\]&new_token=\[redacted\]&customer=hmac:/, "nor one of a body");
  const all = JSON.stringify(await other.journal());
  t.notMatch(all, /S3CRET|eyJzdWIi/);
  t.notOk(all.includes(cookie.slice("Cookie: guise=".length)), "nor the cookie");
});
