import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import type { Written } from "../../../src/audit/record/parse.ts";
import { ANY_RECORD, type Question } from "../../../src/audit/search/search.ts";
import { event } from "../event.ts";
import { opened } from "./archived.ts";

const person = (id: string, email: string | null = null) => ({ id, name: null, email, groups: null });

const read = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as Written);

for (const where of ["journal", "stream"] as const) {
  t.test(`${where}: pages are found without what they load, which is found by its page`, async (t) => {
    const it = await opened(t, where);
    const at = 1_780_000_000_000;
    const request = (path: string, navigation: boolean, method = "GET") => {
      return { ...(event().request ?? never()), path, navigation, method };
    };
    const done = { action: "impersonation.outcome", outcome: "success" } as const;
    const took = (duration: number) => ({ status: 200, bytes: 1, duration, ending: "success" }) as const;
    await it.record(
      { at, action: "impersonation.intent", request: request("/a", true) },
      { ...done, at: at + 900, request: request("/a.js", false), response: took(300) },
      { ...done, at: at + 1_000, request: request("/a", true), response: took(500) },
      { ...done, at: at + 2_000, request: request("/a.css", false), response: took(1) },
      { ...done, at: at + 3_000, request: request("/save", false, "POST"), response: took(1) },
      { ...done, at: at + 4_000, request: request("/a.png", false), response: took(1) },
      { ...done, at: at + 6_000, request: request("/b", true), response: took(1_500) },
      {
        at: at + 7_000,
        action: "impersonation.denied",
        decision: { word: "read-only", route: null, rule: null, via: null },
      },
    );
    const found = async (more: Partial<Question>) => {
      const { lines } = await it.archive().search({ ...ANY_RECORD, pages: true, ...more }, 50, null);
      return read(lines).map(({ event: { action }, url }) =>
        action === "impersonation.outcome" ? url?.path : action,
      );
    };
    t.same(await found({}), ["impersonation.denied", "/b", "/save", "/a"]);
    t.same(await found({ agent: "alice", customer: "17" }), ["impersonation.denied", "/b", "/save", "/a"]);
    t.equal((await found({ pages: false })).length, 7, "all but the intent");
    t.same(await found({ action: "changed" }), ["/save"]);
    t.same(await found({ word: "read-only" }), ["impersonation.denied"]);
    t.same(await found({ word: "denied" }), []);
    t.same(await found({ ticket: "T-42" }), await found({}));
    t.same(await found({ ticket: "T-43" }), []);
    const runs = async (more: Partial<Question>) =>
      (await it.archive().runs({ ...ANY_RECORD, ...more }, 5)).length;
    t.same(
      [await runs({ ticket: "T-42" }), await runs({ ticket: "T-1" }), await runs({ action: "changed" })],
      [1, 0, 1],
    );
    const loaded = await it.archive().parts(
      [
        { impersonation: "imp-1", from: at + 500, at: at + 1_000 },
        { impersonation: "imp-1", from: at + 4_500, at: at + 6_000 },
        { impersonation: "nobody's", from: 0, at: 0 },
      ],
      2,
    );
    t.same(
      loaded.map(({ lines, count, until }) => [read(lines).map(({ url }) => url?.path), count, until]),
      [
        [["/a.js", "/a.css"], 3, at + 4_500],
        [[], 0, null],
        [[], 0, null],
      ],
    );
  });

  t.test(`${where}: records are found by people, impersonation, action and time, newest first`, async (t) => {
    const it = await opened(t, where);
    const at = 1_780_000_000_000;
    await it.record(
      { at, action: "impersonation.started" },
      { at: at + 1_000, action: "impersonation.denied" },
      { at: at + 2_000, action: "impersonation.ended", trueUser: person("bob", "bob@support.example") },
      { at: at + 3_000, action: "consent.asked", effectiveUser: person("23") },
      { at: at + 4_000, action: "impersonation.intent" },
    );
    const found = async (more: Partial<Question>) => {
      const { lines } = await it.archive().search({ ...ANY_RECORD, ...more }, 50, null);
      return read(lines).map((one) => one.event.action.replace("impersonation.", ""));
    };
    t.strictSame(await found({}), ["consent.asked", "ended", "denied", "started"], "intents have outcomes");
    t.strictSame(await found({ action: "impersonation.intent" }), ["intent"]);
    t.strictSame(await found({ action: "refused" }), ["denied"]);
    t.strictSame(await found({ agent: "bob" }), ["ended"]);
    t.strictSame(await found({ agent: "BOB@support.example" }), ["ended"]);
    t.strictSame(await found({ customer: "17" }), ["ended", "denied", "started"]);
    t.strictSame(await found({ customer: "17", agent: "alice" }), ["denied", "started"]);
    t.strictSame(await found({ impersonation: "imp-1", action: "impersonation.ended" }), ["ended"]);
    t.strictSame(await found({ since: at + 1_000, until: at + 3_000 }), ["ended", "denied"]);
    t.strictSame(await found({ agent: "nobody" }), []);
    t.strictSame(
      await found({ within: { users: ["bob@support.example"], groups: [] } }),
      [],
      "what one may see is a matter of ids",
    );
    const roled = { ...person("dora"), groups: ["support", "night"] };
    await it.record({ at: at + 4_500, action: "impersonation.denied", trueUser: roled });
    const team = (groups: readonly string[]) => found({ within: { users: [], groups }, agent: "dora" });
    t.strictSame(await team(["night"]), ["denied"], "a lead sees agents by the groups that they were in");
    t.strictSame(await team(["day"]), []);
    await it.record({ at: at + 5_000, action: "impersonation.not-started", trueUser: person("carol") });
    t.strictSame(await found({ agent: "carol" }), ["not-started"]);
    t.strictSame(await found({ agent: "carol", action: "refused" }), ["not-started"]);
    for (const action of [null, "refused", "impersonation.not-started"])
      t.strictSame(
        await found({ within: { users: ["carol"], groups: [] }, action }),
        [],
        "which addresses there are is nobody's own",
      );
  });

  t.test(
    `${where}: of several apps, each has its records, and the impersonations that came to it`,
    async (t) => {
      const it = await opened(t, where);
      const run = (id: string) => ({ id, mode: "read" as const, reason: null, ticket: null });
      await it.record(
        { at: 1, action: ACTION, app: "shop", impersonation: run("both") },
        { at: 2, action: ACTION, app: "wiki", impersonation: run("both") },
        { at: 3, action: ACTION, app: "wiki", impersonation: run("one") },
        { at: 4, action: ACTION, impersonation: run("none") },
      );
      const found = async (app: string | null) => {
        const { lines } = await it.archive().search({ ...ANY_RECORD, app }, 50, null);
        const runs = await it.archive().runs({ ...ANY_RECORD, app }, 50);
        return [read(lines).map((one) => Date.parse(one["@timestamp"])), runs.map(({ id }) => id)];
      };
      t.strictSame(await found("shop"), [[1], ["both"]]);
      t.strictSame(await found("wiki"), [
        [3, 2],
        ["one", "both"],
      ]);
      t.strictSame(await found("nothing"), [[], []]);
      t.strictSame(await found(null), [
        [4, 3, 2, 1],
        ["none", "one", "both"],
      ]);
    },
  );

  t.test(`${where}: an address finds everybody who has it or had it, under any name`, async (t) => {
    const it = await opened(t, where);
    const nuno = (name: string | null, email: string | null) => ({ ...person("17", email), name });
    const alice = { trueUser: person("1", "alice@x.example") };
    await it.record({ at: 1_000, action: ACTION, effectiveUser: nuno(null, null) });
    await it.record({ at: 2_000, action: ACTION, effectiveUser: nuno("Nuno", "old@example.com") });
    await it.record({ at: 4_000, action: ACTION, effectiveUser: nuno("Nuno Reis", "new@example.com") });
    await it.record({ at: 3_000, action: ACTION, effectiveUser: nuno("Nuno", "old@example.com") });
    await it.record({ at: 5_000, action: ACTION, effectiveUser: nuno(null, null) });
    await it.record({ at: 500, action: ACTION, effectiveUser: person("99", "alice@x.example") });
    await it.record(...Array.from({ length: 3 }, () => ({ at: 500, action: ACTION, ...alice })));
    const found = async (more: Partial<Question>, limit = 50) =>
      (await it.archive().search({ ...ANY_RECORD, ...more }, limit, null)).lines.length;
    for (const customer of ["old@example.com", "NEW@example.com"]) {
      t.equal(await found({ customer, since: 1_000 }), 5, customer);
      t.equal((await it.archive().runs({ ...ANY_RECORD, customer }, 10)).length, 1);
    }
    t.match(await it.archive().runs(ANY_RECORD, 10), [{ customer: "17", customerName: "Nuno Reis" }]);
    t.equal(await found({ agent: "alice@x.example" }), 3, "somebody else has it as well");
    t.equal(await found({ customer: "alice@x.example" }), 1);
    t.equal(await found({ customer: "nobody@example.com" }), 0);
  });

  t.test(`${where}: an address that many have finds them all, the newest first`, async (t) => {
    const it = await opened(t, where);
    const shop = (n: number) => person(`shop-${n}`, "office@example.com");
    await it.record(
      ...Array.from({ length: 40 }, (_, n) => ({ at: n, action: ACTION, effectiveUser: shop(n % 20) })),
      { at: 99, action: ACTION },
    );
    const customer = "office@example.com";
    const shops = async (more: Partial<Question>, limit: number) => {
      const { lines, beyond } = await it.archive().search({ ...ANY_RECORD, ...more }, limit, null);
      return { at: read(lines).map((one) => Date.parse(one["@timestamp"])), beyond };
    };
    t.match(await shops({ customer }, 5), { at: [39, 38, 37, 36, 35], beyond: { at: 35 } });
    t.match((await shops({ customer, until: 10 }, 50)).at, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    await it.record(
      ...[0, 1].map((n) => ({ at: 200 + n, action: ACTION, effectiveUser: person(`two-${n}`, "two@x") })),
    );
    t.strictSame((await shops({ customer: "two@x" }, 1)).at, [201], "the newest of both");
  });

  t.test(`${where}: lines come as they stand, page by page, without a gap or a second time`, async (t) => {
    const it = await opened(t, where);
    await it.record(...Array.from({ length: 105 }, (_, n) => ({ at: 1_000 + (n % 7), action: ACTION })));
    const seen: string[] = [];
    for (let beyond = null, page = 0; page < 4; page += 1) {
      const answer: Awaited<ReturnType<ReturnType<typeof it.archive>["search"]>> = await it
        .archive()
        .search(ANY_RECORD, 50, beyond as null);
      seen.push(...answer.lines);
      if (answer.beyond === null) break;
      beyond = answer.beyond as never;
    }
    t.equal(seen.length, 105);
    t.equal(new Set(seen).size, 105);
    const times = read(seen).map((one) => one["@timestamp"]);
    t.strictSame(times, times.toSorted().toReversed());
    const folder = join(it.data, "audit");
    const files = (await readdir(folder)).filter((name) => name.endsWith(".jsonl"));
    const texts = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
    const lines = new Set(texts.flatMap((text) => text.split("\n")));
    t.ok(seen.every((line) => lines.has(line)));
  });

  t.test(`${where}: all records of one request are found by its id, or by that of any of them`, async (t) => {
    const it = await opened(t, where);
    const [intent] = await it.record({});
    const outcome = { action: "impersonation.outcome" as const, outcome: "success" as const };
    const response = { status: 200, bytes: 1, duration: 5, ending: "success" as const };
    const [end] = await it.record({ ...outcome, intent: intent?.id ?? "", response });
    for (const ids of [{ event: intent?.id ?? "" }, { event: end?.id ?? "" }, { request: "r1" }]) {
      const { lines, more } = await it.archive().request(ids);
      t.strictSame(
        read(lines).map((one) => one.event.id),
        [intent?.id, end?.id],
      );
      t.equal(more, 0);
    }
    t.strictSame(await it.archive().request({ event: "nothing" }), { lines: [], more: 0 });
  });

  t.test(
    `${where}: a request that was open for hours has its beginning, its end, what was asked for and how much more`,
    async (t) => {
      const it = await opened(t, where);
      const [intent] = await it.record({ at: 0 });
      const progress = await it.record(
        ...Array.from({ length: 150 }, (_, n) => ({
          at: (n + 1) * 60_000,
          action: "impersonation.progress" as const,
          intent: intent?.id ?? "",
        })),
      );
      const [end] = await it.record({
        at: 151 * 60_000,
        action: "impersonation.outcome",
        outcome: "success",
        intent: intent?.id ?? "",
      });
      const ids = progress.map(({ id }) => id);
      const shown = async (asked: Parameters<ReturnType<typeof it.archive>["request"]>[0]) => {
        const { lines, more } = await it.archive().request(asked);
        return { ids: read(lines).map((one) => one.event.id), more };
      };
      const whole = { ids: [intent?.id, ...ids.slice(-20), end?.id], more: 130 };
      for (const asked of [{ event: intent?.id ?? "" }, { event: end?.id ?? "" }, { request: "r1" }])
        t.strictSame(await shown(asked), whole);
      t.strictSame(await shown({ event: ids[7] ?? "" }), {
        ids: [intent?.id, ids[7], ...ids.slice(-20), end?.id],
        more: 129,
      });
    },
  );

  t.test(`${where}: what comes is found at once, also after a restart`, async (t) => {
    const it = await opened(t, where);
    await it.record({ action: ACTION });
    t.equal((await it.archive().search(ANY_RECORD, 50, null)).lines.length, 1);
    await it.record({ action: ACTION });
    t.equal((await it.archive().search(ANY_RECORD, 50, null)).lines.length, 2);
    const next = await it.again();
    await it.record({ action: ACTION });
    t.equal((await next.search(ANY_RECORD, 50, null)).lines.length, 3);
    t.match(next.status(), { breaks: 0, problem: null });
  });

  t.test(`${where}: an impersonation is counted and drawn`, async (t) => {
    const it = await opened(t, where);
    const ended = (n: number, status: number, method = "GET") => ({
      at: n,
      action: "impersonation.outcome" as const,
      outcome: status < 400 ? ("success" as const) : ("failure" as const),
      request: { ...(event().request ?? never()), method },
      response: { status, bytes: 1, duration: n === 9_000 ? 5_000 : 1, ending: "success" as const },
    });
    await it.record(
      { at: 1_000, action: "impersonation.started" },
      ended(1_000, 200),
      ended(1_100, 200),
      ended(2_000, 302, "POST"),
      ended(3_000, 500),
      { at: 4_000, action: "impersonation.denied" },
      ended(9_000, 200),
      { at: 10_000, action: "impersonation.ended" },
    );
    const [run, ...others] = await it.archive().runs({ ...ANY_RECORD, agent: "alice" }, 10);
    t.strictSame(others, []);
    t.match(run, { id: "imp-1", agent: "alice", agentName: "Alice", customer: "17", customerName: "Nuno" });
    t.match(run, { first: 1_000, last: 10_000, began: 1_000, ended: 10_000 });
    t.match(run, { looked: 3, changed: 1, refused: 1, failed: 1 });
    t.strictSame(await it.archive().runs({ ...ANY_RECORD, since: 10_001 }, 10), []);
    const picture = await it.archive().picture("imp-1", { from: 1_000, to: 11_000, columns: 10 });
    t.strictSame(picture.columns, [
      { column: 0, tone: "looked", count: 2, write: false },
      { column: 1, tone: "changed", count: 1, write: false },
      { column: 2, tone: "failed", count: 1, write: false },
      { column: 3, tone: "refused", count: 1, write: false },
      { column: 8, tone: "looked", count: 1, write: false },
    ]);
    t.strictSame(picture.stretches, [{ from: 4_000, to: 9_000, tone: "looked" }]);
    t.strictSame(picture.events, [
      { at: 1_000, action: "impersonation.started" },
      { at: 10_000, action: "impersonation.ended" },
    ]);
  });

  t.test(`${where}: what lasted is drawn only if some of it is in the time that is drawn`, async (t) => {
    const it = await opened(t, where);
    const lasted = (at: number, duration: number) => ({
      at,
      action: "impersonation.outcome" as const,
      outcome: "success" as const,
      response: { status: 200, bytes: 1, duration, ending: "success" as const },
    });
    await it.record(
      ...Array.from({ length: 101 }, (_, n) => lasted(3_600_000 + n, 20_000)),
      lasted(150_000, 10_000),
      lasted(90_000, 80_000),
      lasted(40_000, 5_000),
    );
    const { stretches } = await it.archive().picture("imp-1", { from: 60_000, to: 145_000, columns: 120 });
    t.strictSame(stretches, [
      { from: 10_000, to: 90_000, tone: "looked" },
      { from: 140_000, to: 150_000, tone: "looked" },
    ]);
  });

  t.test(`${where}: a catalog that can't be read, or is of another place, is made anew`, async (t) => {
    const it = await opened(t, where);
    await it.record({ action: ACTION }, { action: ACTION });
    await it.archive().search(ANY_RECORD, 50, null);
    await it.archive().close();
    await writeFile(join(it.data, "audit-index.db"), "this is no database at all, and long enough to see it");
    const next = await it.again();
    t.equal((await next.search(ANY_RECORD, 50, null)).lines.length, 2);
  });
}

const ACTION = "impersonation.refused" as const;

function never(): never {
  throw new Error("there is a request in every event");
}
