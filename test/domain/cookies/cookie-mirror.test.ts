import fc from "fast-check";
import t from "tap";
import { CookieJar } from "tough-cookie";
import {
  type CookieScope,
  cookiesFor,
  emptyJar,
  type Jar,
  receive,
} from "../../../src/domain/cookies/cookie-jar.ts";
import { begin, fromScript, mirror, remainsOf, restore } from "../../../src/domain/cookies/cookie-mirror.ts";
import { restored } from "../../../src/domain/cookies/cookie-restore.ts";

const NOW = 1_700_000_000_000;
const LATER = NOW + 60_000;
const SCOPE: CookieScope = { host: "app.example.com", path: "/", secure: true, now: NOW };
const at = (now: number, path = "/"): CookieScope => ({ ...SCOPE, now, path });

/** A jar in which the app has set `theme=dark` and the browser has shown that it knows. */
function themed(sent: string | null): Jar {
  const jar = receive(emptyJar(sent), ["theme=dark; Path=/"], SCOPE);
  return fromScript(mirror(jar, sent, SCOPE).jar, "theme=dark", SCOPE);
}

t.test("readable cookies are shown to the browser once, HttpOnly ones never", async (t) => {
  const lines = ["sid=secret; Path=/; HttpOnly", "xsrf=1; Path=/; Secure; SameSite=Lax; Max-Age=60"];
  const shown = mirror(receive(emptyJar(null), lines, SCOPE), null, SCOPE);
  t.strictSame(shown.lines, ["xsrf=1; Path=/; Max-Age=60; Secure; SameSite=Lax"]);
  t.strictSame(mirror(shown.jar, null, SCOPE), { jar: shown.jar, lines: [] });
  const changed = mirror(receive(shown.jar, ["xsrf=2; Path=/"], SCOPE), "xsrf=1", SCOPE);
  t.strictSame(changed.lines, ["xsrf=2; Path=/"]);
});

t.test("a cookie that the app deletes or hides goes from the browser too", async (t) => {
  const jar = themed(null);
  for (const line of ["theme=; Path=/; Max-Age=0", "theme=light; Path=/; HttpOnly"])
    t.strictSame(mirror(receive(jar, [line], SCOPE), null, SCOPE).lines, ["theme=; Path=/; Max-Age=0"]);
});

t.test("only what an answer of this host can set is shown with it", async (t) => {
  const otherHost = { ...SCOPE, host: "b.example.com" };
  const jar = receive(emptyJar(null), ["a=1; Path=/", "b=1; Path=/; Domain=example.com"], SCOPE);
  const there = mirror(jar, null, otherHost);
  t.strictSame(there.lines, ["b=1; Path=/"], "for this host alone, whatever `Domain` the app gave it");
  t.strictSame(mirror(there.jar, null, SCOPE).lines, ["a=1; Path=/", "b=1; Path=/"]);
});

/** A jar with a `token` for all hosts below example.com, in a browser whose own one of that name is `mine`. */
function wide(): Jar {
  const jar = receive(emptyJar("token=mine"), ["token=nuno; Path=/; Domain=example.com"], SCOPE);
  return fromScript(mirror(jar, "token=mine", SCOPE).jar, "token=mine; token=nuno", SCOPE);
}

t.test(
  "a wide cookie's mirror stands beside the agent's own wide one, and goes alone at the end",
  async (t) => {
    const jar = wide();
    t.equal(cookiesFor(jar, SCOPE), "token=nuno");
    t.strictSame(restore(jar, "token=mine; token=nuno", SCOPE), ["token=; Path=/; Max-Age=0"]);
    t.equal(restored(jar, "token=mine; token=nuno", SCOPE), "token=mine");
    t.strictSame(restore(jar, "token=mine; token=nuno", { ...SCOPE, host: "b.example.com" }), []);
    const alike = mirror(receive(jar, ["token=mine; Path=/; Domain=example.com"], SCOPE), null, SCOPE).jar;
    t.strictSame(restore(alike, "token=mine; token=mine", SCOPE), ["token=; Path=/; Max-Age=0"]);
  },
);

t.test("what a script makes of a wide cookie's mirror is told from the agent's own beside it", async (t) => {
  const jar = wide();
  const changed = fromScript(jar, "token=mine; token=new", SCOPE);
  t.equal(cookiesFor(changed, SCOPE), "token=new");
  t.equal(cookiesFor(changed, { ...SCOPE, host: "api.example.com" }), "token=new", "it is as wide as before");
  const gone = fromScript(jar, "token=mine", at(LATER));
  t.equal(cookiesFor(gone, at(LATER)), null, "the own one alone means that a script deleted the other");
  const rotated = fromScript(jar, "token=mine-2", at(LATER));
  t.equal(cookiesFor(rotated, at(LATER)), "token=nuno", "one of two that is neither may be the agent's own");
});

t.test("a mirror with a `Domain` that an older version set is taken back with it", async (t) => {
  const scope = { ...SCOPE, host: "b.example.com" };
  const cookie = receive(emptyJar(null), ["token=nuno; Path=/; Domain=example.com"], SCOPE).cookies[0];
  if (cookie === undefined) throw new Error("no cookie");
  const old = { cookie, gone: false, seen: true, changedAt: NOW, past: [], own: "mine" };
  const jar = { ...emptyJar(null), cookies: [cookie], mirrors: [old] };
  t.strictSame(mirror(jar, "token=nuno", scope).lines, [
    "token=nuno; Path=/",
    "token=; Path=/; Domain=example.com; Max-Age=0",
  ]);
  t.strictSame(restore(jar, "token=nuno", scope), ["token=mine; Path=/; Domain=example.com"]);
});

t.test("a script's new value of a mirrored cookie comes into the jar, and goes to the app", async (t) => {
  const jar = fromScript(themed(null), "theme=light", SCOPE);
  t.equal(cookiesFor(jar, SCOPE), "theme=light");
  t.equal(fromScript(jar, "theme=light", SCOPE), jar);
  t.strictSame(mirror(jar, "theme=light", SCOPE).lines, [], "the browser has it already");
});

t.test("a script's deletion of a mirrored cookie counts once nothing older can be on its way", async (t) => {
  const jar = themed(null);
  t.equal(fromScript(jar, null, at(NOW + 1000)), jar);
  const left = fromScript(jar, null, at(LATER));
  t.equal(cookiesFor(left, at(LATER)), null);
  t.strictSame(mirror(left, null, at(LATER)).lines, []);
});

t.test("a late request with an older value changes nothing", async (t) => {
  const second = mirror(receive(themed("theme=own"), ["theme=blue; Path=/"], SCOPE), "theme=dark", SCOPE).jar;
  for (const old of ["theme=dark", "theme=own", "theme=own; theme=dark"])
    t.equal(fromScript(second, old, at(NOW + 1000)), second, old);
  const back = fromScript(second, "theme=dark", at(LATER));
  t.equal(cookiesFor(back, at(LATER)), "theme=dark", "later on only a script can have set it again");
});

t.test("the agent's own value never comes in while the browser hasn't shown the mirrored one", async (t) => {
  const sent = "theme=own";
  const jar = mirror(receive(emptyJar(sent), ["theme=dark; Path=/"], SCOPE), sent, SCOPE).jar;
  t.equal(fromScript(jar, sent, at(LATER)), jar);
});

t.test("several values of one name say nothing, unless the mirrored one is among them", async (t) => {
  const jar = themed(null);
  t.equal(fromScript(jar, "theme=a; theme=b", at(LATER)), jar);
  const witnessed = fromScript(jar, "theme=a; theme=dark", at(LATER));
  t.equal(cookiesFor(witnessed, SCOPE), "theme=dark");
  t.equal(
    fromScript(witnessed, "theme=a", at(LATER)),
    witnessed,
    "it has a path of its own, so it is the agent's",
  );
});

const scripted = (...names: readonly string[]): CookieScope => ({ ...SCOPE, allSent: true, scripted: names });

t.test("SES-05: no cookie that the agent's browser came with gets in, nor an unknown one", async (t) => {
  const { jar } = begin("sid=agent; theme=own", { ...SCOPE, allSent: true });
  t.equal(fromScript(jar, "sid=changed; theme=own", scripted("*")), jar);
  t.equal(fromScript(jar, "wordpress_1=agent", SCOPE), jar, "a path of its own hid it at the start");
  const taken = fromScript(jar, "sid=agent; timezone=Europe/Berlin", scripted("time*"));
  t.equal(cookiesFor(taken, SCOPE), "timezone=Europe/Berlin");
  t.strictSame(
    restore(taken, null, SCOPE),
    ["timezone=; Path=/; Max-Age=0"],
    "and goes from the browser at the end",
  );
});

t.test(
  "SES-05: the agent's own value under an announced name is out of the browser until the end",
  async (t) => {
    const scope = scripted("jwt", "cart_*");
    const sent = "sid=agent; jwt=own; cart_1=own-1; cart_1=own-2";
    const { jar, lines } = begin(sent, scope);
    t.strictSame(lines, ["jwt=; Path=/; Max-Age=0"], "of several it can't be known which one");
    for (const late of ["jwt=own", "jwt=own; cart_1=own-1"])
      t.equal(cookiesFor(fromScript(jar, late, scope), scope), null, "a request that was on its way");
    const forCustomer = fromScript(jar, "sid=agent; jwt=customer; cart_2=customer", scope);
    t.equal(cookiesFor(forCustomer, scope), "jwt=customer; cart_2=customer");
    t.strictSame(restore(forCustomer, "sid=agent; jwt=customer", scope), [
      "jwt=own; Path=/",
      "cart_2=; Path=/; Max-Age=0",
    ]);
    t.strictSame(
      restore(jar, "sid=agent; jwt=unheard", scope),
      ["jwt=own; Path=/"],
      "also what no request told of",
    );
    t.notMatch(JSON.stringify(remainsOf(forCustomer)), /customer/);
  },
);

t.test(
  "SES-05: who comes from another site may keep strict cookies back, which are the agent's too",
  async (t) => {
    const scope = scripted("jwt");
    const { jar } = begin("sid=agent", { ...scope, allSent: false });
    for (const site of [{ allSent: false }, {}])
      t.equal(fromScript(jar, "sid=agent; jwt=maybe", { ...SCOPE, scripted: ["jwt"], ...site }), jar);
    const shown = fromScript(jar, "sid=agent; jwt=own", scope);
    t.equal(cookiesFor(shown, scope), null);
    t.equal(fromScript(shown, "sid=agent; jwt=own", scope), shown);
    const none = fromScript(jar, "sid=agent", scope);
    t.equal(cookiesFor(fromScript(none, "sid=agent; jwt=customer", scope), scope), "jwt=customer");
  },
);

t.test("what says who the agent is, is never covered in the browser", async (t) => {
  const scope = { ...scripted("*"), agents: ["app_session"] };
  const { jar, lines } = begin("app_session=agent", scope);
  t.strictSame(lines, []);
  const set = mirror(receive(jar, ["app_session=customer; Path=/"], scope), "app_session=agent", scope);
  t.strictSame(set.lines, []);
  t.equal(cookiesFor(set.jar, scope), "app_session=customer");
  t.equal(fromScript(set.jar, "app_session=agent", scope), set.jar);
});

t.test(
  "an own value that is still there, with a path of its own, is not put back a second time",
  async (t) => {
    const { jar } = mirror(
      receive(emptyJar("theme=own"), ["theme=dark; Path=/site"], SCOPE),
      "theme=own",
      SCOPE,
    );
    t.strictSame(restore(jar, "theme=own", SCOPE), ["theme=; Path=/site; Max-Age=0"]);
    t.strictSame(restore(jar, null, SCOPE), ["theme=own; Path=/site"]);
    const covered = mirror(
      receive(emptyJar("theme=own"), ["theme=dark; Path=/"], SCOPE),
      "theme=own",
      SCOPE,
    ).jar;
    t.strictSame(restore(covered, "theme=own", SCOPE), [], "the answer with the other never arrived");
    t.strictSame(restore(covered, "theme=own; theme=dark", SCOPE), ["theme=; Path=/; Max-Age=0"]);
    t.strictSame(restore(covered, "theme=dark", SCOPE), ["theme=own; Path=/"]);
    const same = mirror(receive(emptyJar("theme=own"), ["theme=own; Path=/"], SCOPE), "theme=own", SCOPE).jar;
    t.strictSame(
      restore(same, "theme=own", SCOPE),
      ["theme=own; Path=/"],
      "the customer's, that reads alike",
    );
  },
);

t.test(
  "a script can't set what is HttpOnly in the jar, ours, doubled, or beyond scripts by its name",
  async (t) => {
    const jar = receive(begin(null, { ...SCOPE, allSent: true }).jar, ["sid=1; Path=/; HttpOnly"], SCOPE);
    const scope = { ...scripted("*"), reserved: ["guise"] };
    for (const sent of ["sid=2", "guise=2", "a=1; a=2", "__Http-a=1", "__Host-Http-a=1", "lonely"])
      t.equal(fromScript(jar, sent, scope), jar, sent);
    t.equal(fromScript(jar, `a=${"x".repeat(4096)}`, scope), jar);
  },
);

t.test("at the end the agent's own values are put back and the rest is deleted", async (t) => {
  const sent = "sid=agent; theme=own";
  const lines = ["theme=dark; Path=/; Secure", "xsrf=1; Path=/x; Domain=example.com", "sid=1; HttpOnly"];
  const { jar } = mirror(receive(emptyJar(sent), lines, SCOPE), sent, SCOPE);
  t.strictSame(restore(jar, null, SCOPE), ["theme=own; Path=/; Secure", "xsrf=; Path=/x; Max-Age=0"]);
  t.strictSame(restore(emptyJar(sent), null, SCOPE), []);
  t.strictSame(restore(jar, null, { ...SCOPE, host: "b.example.com" }), []);
});

t.test("a mirrored cookie doesn't outlive the impersonation in the browser", async (t) => {
  const scope = { ...SCOPE, until: NOW + 60_000 };
  const jar = receive(
    emptyJar(null),
    ["a=1; Path=/", "b=1; Path=/; Max-Age=5", "c=1; Path=/; Max-Age=600"],
    SCOPE,
  );
  t.strictSame(mirror(jar, null, scope).lines, [
    "a=1; Path=/; Max-Age=60",
    "b=1; Path=/; Max-Age=5",
    "c=1; Path=/; Max-Age=60",
  ]);
});

t.test("what is kept of an ended jar restores the browser and holds nothing of the customer's", async (t) => {
  const sent = "theme=own";
  const lines = ["sid=customer-1; HttpOnly", "theme=customer-2; Path=/", "xsrf=customer-3; Path=/"];
  const { jar } = mirror(receive(emptyJar(sent), lines, SCOPE), sent, SCOPE);
  t.strictSame(restore(remainsOf(jar), null, SCOPE), restore(jar, null, SCOPE));
  t.notMatch(JSON.stringify(remainsOf(jar)), /customer/);
});

t.test("an own value that the app deleted under the impersonation is put back as well", async (t) => {
  const jar = receive(themed("theme=own"), ["theme=; Path=/; Max-Age=0"], SCOPE);
  t.strictSame(restore(mirror(jar, "theme=dark", SCOPE).jar, null, SCOPE), ["theme=own; Path=/"]);
});

t.test("what is gone and covers nothing is forgotten in time", async (t) => {
  let jar = emptyJar(null);
  for (let n = 0; n < 50; n += 1) {
    const scope = at(NOW + n * 60_000);
    jar = mirror(receive(jar, [`flash${n}=1; Path=/`], scope), null, scope).jar;
    jar = mirror(receive(jar, [`flash${n}=; Path=/; Max-Age=0`], scope), null, scope).jar;
  }
  t.ok(jar.mirrors.length <= 2);
});

type Step =
  | { readonly kind: "send" | "answer" | "arrive" | "lose" | "wait" }
  | { readonly kind: "script"; readonly name: string; readonly value: string | null };

/** A browser and a gateway with messages on their way between them. */
async function journey(steps: readonly Step[]): Promise<{ leaked: boolean; browser: CookieJar }> {
  const browser = new CookieJar();
  const url = "https://app.example.com/";
  for (const line of [
    "sid=own-1; Path=/; HttpOnly",
    "theme=own-2; Path=/",
    "scripted=own-4; Path=/",
    "theme=own-5; Path=/admin",
    "hidden=own-3; Path=/admin; HttpOnly",
  ])
    await browser.setCookie(line, url);
  const names = { allSent: true, scripted: ["scripted"] };
  const begun = begin(await browser.getCookieString(url), { ...at(NOW), ...names });
  let { jar } = begun;
  let [now, count, leaked] = [NOW, 0, false];
  const deleted = new Set<string>();
  const requests: { sent: string; path: string }[] = [];
  for (const line of begun.lines) await browser.setCookie(line, url);
  const answers: (readonly string[])[] = [];
  const send = async (path: string) =>
    requests.push({ sent: await browser.getCookieString(`${url}${path}`), path: `/${path}` });
  const answer = () => {
    const request = requests.shift();
    if (request === undefined) return;
    const scope = at(now, request.path);
    jar = fromScript(jar, request.sent, { ...scope, ...names });
    leaked ||= /own-/.test(cookiesFor(jar, scope) ?? "");
    count += 1;
    const lines = [`sid=app-${count}; Path=/; HttpOnly`];
    if (count % 2 === 0) lines.push(`theme=app-${count}; Path=/`);
    if (count % 3 === 0) lines.push(`xsrf=app-${count}; Path=/`);
    const mirrored = mirror(receive(jar, lines, scope), request.sent, scope);
    jar = mirrored.jar;
    answers.push(mirrored.lines);
  };
  const arrive = async () => {
    for (const line of answers.shift() ?? []) await browser.setCookie(line, url);
  };
  for (const step of steps) {
    now += step.kind === "wait" && requests.length + answers.length === 0 ? 40_000 : 700;
    if (step.kind === "send") await send(count % 4 === 3 ? "admin" : "");
    if (step.kind === "answer") answer();
    if (step.kind === "arrive") await arrive();
    if (step.kind === "lose") answers.shift();
    if (step.kind !== "script" || deleted.has(step.name)) continue;
    const known = jar.mirrors.some((it) => it.cookie.name === step.name && it.seen);
    if (!known && step.name !== "scripted") continue;
    await browser.setCookie(`${step.name}=${step.value ?? "; Max-Age=0"}; Path=/`, url, { http: false });
    // What a script sets after it deleted the app's cookie is a new one, which can't be known.
    if (step.value === null && step.name !== "scripted") deleted.add(step.name);
  }
  while (requests.length > 0) answer();
  while (answers.length > 0) await arrive();
  const last = await browser.getCookieString(`${url}.guise/stop`);
  for (const line of restore(jar, last, at(now))) await browser.setCookie(line, url);
  return { leaked, browser };
}

t.test(
  "whatever happens in which order, nothing of the agent's reaches the app and all of it is there after",
  async (t) => {
    const plain = fc.constantFrom("send", "send", "answer", "answer", "arrive", "arrive", "lose", "wait");
    const script = fc.record({
      kind: fc.constant("script" as const),
      name: fc.constantFrom("theme", "xsrf", "scripted"),
      value: fc.constantFrom("js-1", "js-2", null),
    });
    // Whether a script deleted a cookie or the agent has one of its name below can't be told apart.
    const knowable = script.filter(({ name, value }) => name !== "theme" || value !== null);
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 6, arbitrary: plain.map((kind) => ({ kind })) },
      { weight: 1, arbitrary: knowable },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
        const { leaked, browser } = await journey(steps);
        const left = await browser.getCookieString("https://app.example.com/admin");
        const own = left.split("; ").sort().join();
        return !leaked && own === "hidden=own-3,scripted=own-4,sid=own-1,theme=own-2,theme=own-5";
      }),
      { numRuns: 500 },
    );
    t.pass();
  },
);
