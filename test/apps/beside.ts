import { setTimeout } from "node:timers/promises";
import type { Browser, Page, Response } from "playwright-core";
import type { Test } from "tap";
import { pressInBanner } from "../fixtures/browser/banner.ts";
import { leavePointer } from "../fixtures/browser/browser.ts";
import { ask } from "../fixtures/client/named.ts";
import { type Front, SUPPORT } from "../fixtures/gateway/front.ts";
import { recorded } from "../fixtures/gateway/signed-in-front.ts";
import { type CookieWitness, cookieValues, type Witnessed } from "../fixtures/real-apps/cookie-witness.ts";

/** Between two looks at pages that load by themselves, ms. */
const LOOK_EVERY = 250;

/** How an app that keeps its own login is walked through, as its customer and beside that as who views them. */
export interface Walk {
  readonly front: Front;
  /** The app itself, as the customer's own browser reaches it. */
  readonly direct: string;
  readonly witness: CookieWitness;
  readonly chromium: Browser;
  /** Signs a browser in to the app by its own login, at this address. */
  signIn(page: Page, origin: string, who: "customer" | "agent"): Promise<void>;
  /** Of the customer; the first is what the ticket links to. */
  readonly paths: readonly string[];
  readonly steps: number;
  /** Whom the agent's browser comes as; `{}` where they sign in. */
  readonly agent?: Readonly<Record<string, string>>;
  /** A page by which it shows whose session it is, and what is on it of the customer alone. */
  readonly own: { readonly path: string; readonly customer: RegExp; readonly agent: RegExp };
  /** Without what differs from one visit to the next. */
  readonly plain?: (text: string) => string;
  /** Its pages are made by scripts: they are looked at until both show the same, for so many looks at the most. */
  readonly looks?: number;
  /** Names of cookies that are the browser's own and no session. */
  readonly shared?: RegExp;
}

interface Tab {
  readonly page: Page;
  readonly errors: string[];
}

/** The agent in a browser with a session of their own in the app, the customer in another; then as many steps side by side, and Stop. */
export async function walkBeside(t: Test, it: Walk): Promise<void> {
  const { front, direct, witness, own, paths } = it;
  const nuno = await tab(it.chromium);
  await it.signIn(nuno.page, direct, "customer");
  const alice = await tab(it.chromium, it.agent ?? SUPPORT);
  await it.signIn(alice.page, front.url, "agent");
  const mine = await seen(alice, front.url, own.path, it);
  t.match(mine.text, own.agent, "the agent's own session in the app");
  const agents = new Set((await alice.page.context().cookies(front.url)).map(({ value }) => value));
  const customers = new Set((await nuno.page.context().cookies(direct)).map(({ value }) => value));
  // What that page still asks for by itself is the agent's own; it is left, for its timers.
  await alice.page.waitForLoadState("networkidle");
  await alice.page.goto("about:blank");
  const before = witness.requests.length;

  const [first = "/"] = paths;
  await alice.page.setContent(`<a href="${front.url}${first}">the ticket</a>`);
  await Promise.all([alice.page.waitForURL(`${front.url}${first}`), alice.page.click("a")]);
  t.equal(await alice.page.locator("guise-banner").count(), 1, "the page has its banner");
  t.match((await seen(alice, front.url, own.path, it)).text, own.customer, "and is the customer's");

  const differences: string[] = [];
  for (let step = 0; step < it.steps; step += 1) {
    const path = paths[step % paths.length] ?? first;
    const [theirs, shown] = await sideBySide([nuno, direct], [alice, front.url], path, it);
    for (const fact of ["status", "text", "errors"] as const)
      if (JSON.stringify(shown[fact]) !== JSON.stringify(theirs[fact]))
        differences.push(`step ${step}, ${path}: ${fact}: ${difference(theirs[fact], shown[fact])}`);
  }
  t.same(differences, [], `${it.steps} steps show what the customer sees`);

  // Where the customer comes by the gateway too, their own requests are those with their own cookies alone.
  const isOwn = (cookie: string) =>
    cookie !== "" && cookieValues(cookie).every((value) => customers.has(value));
  const asCustomer = witness.requests.slice(before).filter(({ cookie }) => !isOwn(cookie));
  const sent = new Set(asCustomer.flatMap(({ cookie }) => cookieValues(cookie)));
  const both = (one: ReadonlySet<string>) =>
    [...sent].filter((value) => one.has(value) && it.shared?.test(value) !== true);
  t.ok(sent.size > 0, "the app got cookies of the sign-in");
  const foreign = both(agents);
  t.same(
    asCustomer
      .filter(({ cookie }) => cookieValues(cookie).some((it) => foreign.includes(it)))
      .map(({ path }) => path),
    [],
    "no request as the customer has a cookie of the agent's",
  );
  t.same(foreign, [], "none of the agent's goes with a request as the customer");
  t.same(both(customers), [], "and none of the customer's own sessions");
  t.same(
    asCustomer.filter(({ authorization }) => authorization !== ""),
    [],
  );
  const inBrowser = (await alice.page.context().cookies()).filter(({ httpOnly }) => httpOnly);
  t.same(
    inBrowser.filter(({ value }) => sent.has(value)),
    [],
    "no session of the customer's is in the browser",
  );

  await alice.page.goto(front.url + first);
  const host = new URL(front.url).host;
  const opens = async ({ cookie, browser }: Pick<Witnessed, "cookie" | "browser">) => {
    const answer = await ask(witness.origin + own.path, { ...browser, cookie, host });
    return answer.status === 200 && own.customer.test(answer.body);
  };
  const there = asCustomer.findLast(({ path }) => path === own.path);
  t.ok(there !== undefined && (await opens(there)), "who had its cookie would be in");
  const left = alice.page.waitForEvent("framenavigated", (frame) => frame === alice.page.mainFrame());
  await pressInBanner(alice.page, "Stop");
  await left;
  const [ended] = await recorded(front.data, "sign-in.ended");
  t.match(ended, { event: { outcome: "success" } }, "it is signed out of the app");
  const alive: string[] = [];
  const each = new Map(asCustomer.map((request) => [request.cookie, request]));
  for (const request of each.values()) if (await opens(request)) alive.push(request.cookie);
  t.same(alive, [], "and no cookie of it opens anything any more");
  const after = await seen(alice, front.url, own.path, it);
  t.same(after, mine, "the agent's own session is as it was");
  t.match((await seen(nuno, direct, own.path, it)).text, own.customer, "and the customer's own goes on");
}

async function tab(chromium: Browser, headers: Readonly<Record<string, string>> = {}): Promise<Tab> {
  const context = await chromium.newContext({ extraHTTPHeaders: { ...headers } });
  const page = await context.newPage();
  await leavePointer(page);
  const errors: string[] = [];
  page.on("console", (it) => it.type() === "error" && errors.push(it.text()));
  page.on("pageerror", (error) => errors.push(error.message));
  return { page, errors };
}

type Visiting = readonly [tab: Tab, origin: string];

/** What both see at one address. Where scripts make the pages: once neither asks for more, changes any more, or differs from the other. */
async function sideBySide(nuno: Visiting, alice: Visiting, path: string, it: Walk) {
  const each = <T>(look: (...who: Visiting) => Promise<T>) => Promise.all([look(...nuno), look(...alice)]);
  const [theirs, shown] = await each((tab, origin) => seen(tab, origin, path, it));
  if (it.looks === undefined) return [theirs, shown] as const;
  await each(({ page }) => page.waitForLoadState("networkidle"));
  let before = "";
  for (let look = 1; ; look += 1) {
    const [one, other] = await each((tab, origin) => standing(tab, origin, it));
    const same = one.text !== "" && one.text === other.text && one.text === before;
    if (same || look >= it.looks)
      return [
        { ...theirs, ...one },
        { ...shown, ...other },
      ] as const;
    before = one.text;
    await setTimeout(LOOK_EVERY);
  }
}

/** Both from a little before the first place on where they differ. */
function difference(...both: readonly [theirs: unknown, shown: unknown]): string {
  const [theirs, shown] = both.map((it) => JSON.stringify(it) ?? "nothing") as [string, string];
  let same = 0;
  while (theirs[same] === shown[same]) same += 1;
  const there = (text: string) => text.slice(Math.max(0, same - 80), same + 160);
  return `${there(theirs)} | ${there(shown)}`;
}

/** A script of the page before may go elsewhere in the same moment, and again; the address that is asked for comes after it. */
async function goneTo(page: Page, address: string): Promise<Response | null> {
  for (let tries = 1; ; tries += 1)
    try {
      return await page.goto(address);
    } catch (error) {
      if (tries === 10 || !/interrupted by another navigation/.test(String(error))) throw error;
      await page.waitForLoadState();
    }
}

/** What a reader sees of a page, and what its console complained of. */
async function seen(tab: Tab, origin: string, path: string, walk: Walk) {
  // So that errors of the page before, as that which Stop leads to, aren't counted as this one's.
  await goneTo(tab.page, "about:blank");
  tab.errors.length = 0;
  const answer = await goneTo(tab.page, origin + path);
  return { status: answer?.status(), ...(await standing(tab, origin, walk)) };
}

async function standing({ page, errors }: Tab, origin: string, { plain = (text) => text }: Walk) {
  const text = await page.evaluate("document.body.innerText");
  const same = (it: string) => it.replaceAll(origin, "").replaceAll(new URL(origin).host, "");
  return {
    text: plain(same(String(text)).replaceAll(/\s+/g, " ").trim()),
    // What a page asks of other machines is not there in a test.
    errors: errors.map(same).filter((it) => !it.includes("ERR_NAME_NOT_RESOLVED")),
  };
}
