import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { linkOf } from "../../src/audit/chain.ts";
import { verifier } from "../../src/audit/verify.ts";
import { AS, INSIDE, type Line, request, send, stand, wear } from "../fixtures/attack-stand.ts";

const it = await stand(t);
const cookie = await wear(t, it);
const disguised = [...AS.alice, ...INSIDE, cookie];

async function outcomeOf(path: string): Promise<Line> {
  return await it.recorded(
    (line) => line.event.action === "impersonation.outcome" && line.url?.path === path,
  );
}

/** The journal's files as text. */
function files(): readonly string[] {
  const folder = join(it.data, "audit");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8"));
}

t.test("AUD-01: whatever a client says, a record is one printable line of bounded length", async (t) => {
  const agents = [
    "\x1b[2J\x1b[31mred",
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
        ...disguised,
        `User-Agent: ${Buffer.from(agent).toString("latin1").replaceAll("\x1b", "")}`,
      ]),
    );
    const outcome = await outcomeOf(`/odd/${n}`);
    t.ok(outcome.guise?.truncated?.includes("url.query"), "what is cut is named");
  }
  const long = `/odd/${"x".repeat(1_500)}/${"y".repeat(1_500)}`;
  await send(t, it.port, request(`GET ${long}`, disguised));
  const cut = await it.recorded(
    (line) =>
      line.event.action === "impersonation.outcome" && line.guise?.truncated?.includes("url.path") === true,
  );
  t.equal(cut.url?.path.length, 2_048);
  for (const text of files()) {
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
    await send(t, it.port, request(`GET /chain/${n}`, disguised));
    await outcomeOf(`/chain/${n}`);
  }
  const lines = files().join("").trim().split("\n");
  const findings = (changed: readonly string[]) => {
    const verify = verifier({ keys: null });
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
  };
  for (const [what, changed] of Object.entries(attacks)) t.ok(findings(changed) > 0, what);
  t.ok(linkOf(Buffer.from(line)) !== null);

  // A cut tail is a whole chain: only what was kept elsewhere shows it. Here the mark of the running life is elsewhere.
  await it.close();
  const copy = mkdtempSync(join(tmpdir(), "guise-cut-"));
  t.teardown(() => rmSync(copy, { recursive: true }));
  const whole = files();
  const text = whole.at(-1) ?? "";
  const ended = text.trim().split("\n");
  writeFileSync(join(copy, "all.jsonl"), text);
  t.ok(ended.length > 5);
  const cutVerify = verifier({ keys: null });
  for (const it of ended.slice(0, -2)) cutVerify.line(Buffer.from(it), null);
  t.ok(
    cutVerify.report().lives.some((life) => !life.ended),
    "a life that was cut has no end",
  );
});

t.test("AUD-03: no secret is in any record", async (t) => {
  const other = await stand(t);
  const worn = await wear(t, other);
  const secrets = [
    "token=S3CRET1",
    "reset_password=S3CRET2",
    "api_key=S3CRET3",
    "sessionId=S3CRET4",
    "code=S3CRET5",
    "x=eyJhbGciOiJub25lIn0.eyJzdWIiOiJTM0NSRVQ2In0.",
  ];
  await send(
    t,
    other.port,
    request(`GET /secrets?${secrets.join("&")}&page=2`, [
      ...AS.alice,
      ...INSIDE,
      worn,
      "Authorization: Bearer S3CRET7",
      "X-Api-Key: S3CRET8",
    ]),
  );
  const line = await other.recorded(
    (it) => it.event.action === "impersonation.outcome" && it.url?.path === "/secrets",
  );
  t.match(line.url?.query, /page=2/, "what is no secret stays");
  const all = JSON.stringify(await other.journal());
  t.notMatch(all, /S3CRET|eyJzdWIi/);
  t.notOk(all.includes(worn.slice("Cookie: guise=".length)), "nor the cookie");
});
