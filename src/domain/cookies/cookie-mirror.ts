import { type CookiePair, formatSetCookie, isNamed, LARGEST_PAIR, parseCookies } from "./cookie.ts";
import {
  type CookieScope,
  domainMatches,
  emptyJar,
  equalCookie,
  goesWith,
  hostOf,
  inJarOf,
  isInJar,
  isOver,
  isReserved,
  type Jar,
  type JarCookie,
  type Mirror,
  MOST_COOKIES,
  sameCookie,
} from "./cookie-jar.ts";
import { withRoom } from "./cookie-room.ts";

/** For how long a late request may still show an earlier value, ms. */
const ON_ITS_WAY = 30_000;
const LONGEST_PAST = 8;

/** A jar, and the `Set-Cookie` lines for the browser that make it so. */
interface Mirrored {
  readonly jar: Jar;
  readonly lines: readonly string[];
}

/**
 * Shows the page's scripts what they may read: lines for every readable cookie of this host that the browser doesn't
 * have yet, and deletions for those that are no more. `sent` is the `Cookie` header of the request that is being
 * answered, without ours: the agent's own value under the same name is kept there to be put back. Same jar, no lines
 * when nothing changed.
 */
export function mirror(jar: Jar, sent: string | null, scope: CookieScope): Mirrored {
  let lines: readonly string[] = [];
  const shown = ofThisHost(jar, scope, (it) => {
    const mirrored = mirrorHere(it, sent, scope);
    lines = mirrored.lines;
    return mirrored.jar;
  });
  return { jar: shown, lines };
}

/** Edits only the mirrored cookies of this host; those of other hosts stay as they are. */
function ofThisHost(jar: Jar, scope: CookieScope, edit: (jar: Jar) => Jar): Jar {
  const host = hostOf(scope);
  const away = jar.mirrors.filter(({ cookie }) => cookie.hostOnly && cookie.domain !== host);
  if (away.length === 0) return edit(jar);
  const here = { ...jar, mirrors: jar.mirrors.filter((it) => !away.includes(it)) };
  const edited = edit(here);
  return edited === here ? jar : { ...edited, mirrors: [...away, ...edited.mirrors] };
}

function mirrorHere(jar: Jar, sent: string | null, scope: CookieScope): Mirrored {
  const pairs = parseCookies(sent);
  const mayBeRead = (it: JarCookie) =>
    isInJar(it, scope) && !it.httpOnly && !isReserved(it, scope) && !isAgents(it.name, scope);
  const living = jar.cookies.filter((it) => mayBeRead(it) && mayBeSet(it, scope) && !isOver(it, scope.now));
  const here = living.map((it) => hereOnly(it, hostOf(scope)));
  const each = here.filter((it, at) => here.findIndex((other) => sameCookie(other, it)) === at);
  const readable = withRoom(each, jar, pairs, scope);
  const shown = readable.flatMap((cookie) => show(jar, cookie, pairs, scope.now));
  const hidden = jar.mirrors
    .filter((it) => !it.gone && isInJar(it.cookie, scope) && mayBeSet(it.cookie, scope))
    .filter((it) => !readable.some((cookie) => sameCookie(cookie, it.cookie)))
    .map((it) => hide(it, scope.now));
  const changed = [...shown, ...hidden];
  if (changed.length === 0) return { jar, lines: [] };
  return {
    jar: withMirrors(jar, changed, scope.now),
    lines: changed.map((it) => line(it.cookie, it.gone ? 0 : lifeOf(it.cookie, scope), scope.now)),
  };
}

/**
 * The jar of a new impersonation. What the agent's own scripts have set under a name that the customer's will set too is taken
 * out of the browser until the end. `sent` is the `Cookie` header that the agent's browser came with, without ours.
 */
export function begin(sent: string | null, scope: CookieScope): Mirrored {
  const pairs = parseCookies(sent);
  const jar = emptyJar(sent);
  const mirrors = jar.own.flatMap((name) => {
    const [own, ...others] = isScripted(name, scope) ? valuesOf(pairs, name) : [];
    if (own === undefined || others.length > 0) return [];
    const past = [{ value: own, until: scope.now + ON_ITS_WAY }];
    const cookie = scriptCookie({ name, value: "" }, scope);
    return [{ cookie, gone: true, seen: false, changedAt: scope.now, past, own }];
  });
  const own = jar.own.filter((name) => !mirrors.some(({ cookie }) => cookie.name === name));
  return {
    jar: { ...jar, own, mirrors, ownKnown: scope.allSent === true },
    lines: mirrors.map(({ cookie }) => line(cookie, 0, scope.now)),
  };
}

/** The same for a jar of an impersonation that runs, on another host that it covers. */
export function join(jar: Jar, sent: string | null, scope: CookieScope): Mirrored {
  const { jar: begun, lines } = begin(sent, scope);
  const mirrors = jar.mirrors.filter(
    (it) => !begun.mirrors.some(({ cookie }) => sameCookie(cookie, it.cookie)),
  );
  return {
    jar: {
      ...jar,
      mirrors: [...mirrors, ...begun.mirrors],
      own: [...new Set([...jar.own, ...begun.own])],
      ownKnown: jar.ownKnown && begun.ownKnown,
    },
    lines,
  };
}

/**
 * Takes what the page's scripts changed in the browser into the jar: another value of a mirrored cookie, its deletion,
 * or a new one. A `Cookie` header doesn't say who set what, so a new name counts only if it is among the scope's `scripted`
 * and the agent's browser did not send it at the start. Same jar when nothing changed.
 */
export function fromScript(jar: Jar, sent: string | null, scope: CookieScope): Jar {
  return ofThisHost(jar, scope, (it) => fromScriptHere(it, sent, scope));
}

function fromScriptHere(jar: Jar, sent: string | null, scope: CookieScope): Jar {
  const pairs = parseCookies(sent);
  const heard = jar.mirrors.reduce((it, mirrored) => hear(it, mirrored, pairs, scope), jar);
  const names = [...new Set(pairs.map(({ name }) => name))].filter(
    (name) => isScripted(name, scope) && !heard.mirrors.some((it) => !it.gone && it.cookie.name === name),
  );
  const known = heard.ownKnown ? heard : withOwn(heard, names, scope);
  return names.reduce((it, name) => {
    const own = coverOf(known, name)?.own ?? null;
    // What was to be taken out of the browser is still there where it has a `Domain`.
    const [value, ...others] = valuesOf(pairs, name).filter((it) => it !== own);
    const canBeTold = known.ownKnown || coverOf(known, name) !== undefined;
    return !canBeTold || value === undefined || others.length > 0 ? it : take(it, { name, value }, scope);
  }, known);
}

/** Adds names of the agent's own cookies: a browser that came from another site sends all of them only with its first request from here. */
function withOwn(jar: Jar, names: readonly string[], scope: CookieScope): Jar {
  if (scope.allSent !== true || (scope.scripted ?? []).length === 0) return jar;
  const more = names.filter((name) => !jar.own.includes(name) && coverOf(jar, name) === undefined);
  return { ...jar, own: [...jar.own, ...more], ownKnown: true };
}

/** The part of a jar that is kept after the end of its impersonation: enough to restore the browser, and no value of the customer's. */
export function remainsOf(jar: Jar): Jar {
  const mirrors = jar.mirrors
    .filter((it) => it.own !== null || !it.gone)
    .map((it) => ({
      ...it,
      cookie: { ...it.cookie, value: it.cookie.value === it.own ? it.own : "" },
      past: [],
    }));
  return { cookies: [], mirrors, own: [], ownKnown: false };
}

/**
 * The lines that take what was mirrored out of the browser and put the agent's own values back, for this host. `sent` is what
 * the browser has now, without ours: an own value that is still there is left as it is.
 */
export function restore(jar: Jar, sent: string | null, scope: CookieScope): readonly string[] {
  const pairs = parseCookies(sent);
  return jar.mirrors
    .filter((it) => mayBeSet(it.cookie, scope) && (it.own !== null || !it.gone))
    .flatMap((it) => lineBack(it, valuesOf(pairs, it.cookie.name), scope.now));
}

/** The line that takes what a script has set under this name out of the browser. */
export function lineOut(name: string, scope: CookieScope): string {
  return line(scriptCookie({ name, value: "" }, scope), 0, scope.now);
}

/**
 * As it is put into the browser: for the one host, whatever `Domain` the app gave it. With a `Domain` it would go to neighbour hosts
 * with the agent's own requests, and so act as the customer there. It stands beside an own one that has a `Domain`.
 */
function hereOnly(cookie: JarCookie, host: string): JarCookie {
  return { ...cookie, domain: host, hostOnly: true };
}

/** Name and digest of each readable cookie of the jar that is shown to this host without its `Domain`. */
export function narrowed(jar: Jar, host: string): readonly (readonly [name: string, digest: string])[] {
  return jar.mirrors.flatMap((it) =>
    it.gone || it.cookie.domain !== host || shownAs(jar, it.cookie)?.hostOnly !== false
      ? []
      : [[it.cookie.name, digestOf(it.cookie.value)] as const],
  );
}

/** FNV-1a, as in page/client/cookies.js: a digest tells values apart without showing them. */
function digestOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(36);
}

/** The jar's cookie that this host's browser was shown as `mirrored`. */
function shownAs(jar: Jar, mirrored: JarCookie): JarCookie | undefined {
  const host = mirrored.domain;
  return jar.cookies.find((it) => {
    if (it.app !== mirrored.app) return false;
    if (it.hostOnly || !mirrored.hostOnly) return sameCookie(it, mirrored);
    return domainMatches(host, it.domain) && sameCookie(hereOnly(it, host), mirrored);
  });
}

function lineBack({ cookie, own, gone }: Mirror, values: readonly string[], now: number): readonly string[] {
  if (own === null) return [line(cookie, 0, now)];
  const owns = values.filter((value) => value === own).length;
  const readsAlike = !gone && cookie.value === own;
  if (readsAlike && owns > 1) return [line(cookie, 0, now)];
  if (owns <= (readsAlike ? 1 : 0)) return [line({ ...cookie, value: own }, null, now)];
  // It has a path or a domain of its own where the other is there besides; else nothing has ever covered it.
  return values.length > owns || cookie.path !== "/" ? [line(cookie, 0, now)] : [];
}

/** Whether an answer of this host can set it in the browser. */
export function mayBeSet(cookie: JarCookie, scope: CookieScope): boolean {
  const host = hostOf(scope);
  const ours = cookie.hostOnly ? host === cookie.domain : domainMatches(host, cookie.domain);
  return ours && (scope.secure || !cookie.secure);
}

function lifeOf({ expiresAt }: JarCookie, { until }: CookieScope): number | null {
  if (until === undefined) return expiresAt;
  return expiresAt === null ? until : Math.min(expiresAt, until);
}

function line(cookie: JarCookie, expiresAt: number | null, now: number): string {
  const domain = cookie.hostOnly ? null : cookie.domain;
  const value = expiresAt === 0 ? "" : cookie.value;
  return formatSetCookie({ ...cookie, value, domain, expiresAt, httpOnly: false }, now);
}

function show(jar: Jar, cookie: JarCookie, pairs: readonly CookiePair[], now: number): readonly Mirror[] {
  const before = jar.mirrors.find((it) => sameCookie(it.cookie, cookie));
  if (before !== undefined) {
    if (!before.gone && equalCookie(before.cookie, cookie)) return [];
    return [{ ...changed(before, cookie.value, now), cookie, gone: false }];
  }
  const others = jar.mirrors.filter((it) => it.cookie.name === cookie.name).map((it) => it.cookie.value);
  const covered = valuesOf(pairs, cookie.name).filter((value) => !others.includes(value));
  const [own = null] = covered.length === 1 ? covered : [];
  const past = covered.map((value) => ({ value, until: now + ON_ITS_WAY })).slice(0, LONGEST_PAST);
  return [{ cookie, gone: false, seen: false, changedAt: now, past, own }];
}

function hide(it: Mirror, now: number): Mirror {
  return { ...changed(it, null, now), gone: true };
}

/** The mirror with its value (null: none) as of now; what it was is remembered for requests that are on their way. */
function changed(it: Mirror, value: string | null, now: number): Mirror {
  if (value === it.cookie.value) return { ...it, changedAt: now };
  const living = it.past.filter((was) => was.until > now && was.value !== value);
  const past = [...living, { value: it.cookie.value, until: now + ON_ITS_WAY }].slice(-LONGEST_PAST);
  return { ...it, cookie: { ...it.cookie, value: value ?? it.cookie.value }, changedAt: now, past };
}

/** Applies what this request shows about one mirrored cookie. */
function hear(jar: Jar, it: Mirror, pairs: readonly CookiePair[], scope: CookieScope): Jar {
  if (it.gone || !goesWith(it.cookie, scope)) return jar;
  const kept = shownAs(jar, it.cookie);
  const values = valuesOf(pairs, it.cookie.name);
  if (values.includes(it.cookie.value)) return witness(jar, it, values, scope);
  // The app has set another value meanwhile, which the browser doesn't have yet: the app's value counts.
  if (kept === undefined || kept.value !== it.cookie.value) return jar;
  const settled = scope.now > it.changedAt + ON_ITS_WAY;
  const others = jar.mirrors.filter((other) => other !== it && !other.gone).map((other) => other.cookie);
  const left = values.filter((v) => !others.some((o) => o.name === kept.name && o.value === v));
  const [value, ...more] = left.filter((v) => !isBeside(it, v));
  // Of several it can't be told which one is the agent's own; nor of one, where there are two else.
  const canBeTold = more.length === 0 && (left.length > 1 || !it.past.some(isLasting));
  if (value !== undefined && canBeTold && it.seen && isFresh(it, value, scope.now))
    return rewrite(jar, { it, kept }, value, scope);
  const none = values.length === 0 || (value === undefined && !kept.hostOnly);
  return none && it.seen && settled ? forget(jar, { it, kept }, scope) : jar;
}

/** An own value that is in the browser beside the mirrored one, with a path or a `Domain` of its own. */
function isBeside(it: Mirror, value: string): boolean {
  return it.past.some((was) => was.value === value && isLasting(was));
}

function isLasting({ until }: Mirror["past"][number]): boolean {
  return until === Number.MAX_SAFE_INTEGER;
}

/** The browser has the mirrored value; what it sends under the name besides is the agent's own, with a path of its own. */
function witness(jar: Jar, it: Mirror, values: readonly string[], scope: CookieScope): Jar {
  const shared = jar.mirrors.some((other) => other !== it && other.cookie.name === it.cookie.name);
  const others = shared ? [] : values.filter((value) => value !== it.cookie.value && !isBeside(it, value));
  const seen = it.seen || it.cookie.value !== it.own;
  if (seen === it.seen && others.length === 0) return jar;
  const past = [...others.map((value) => ({ value, until: Number.MAX_SAFE_INTEGER })), ...it.past];
  return withMirrors(jar, [{ ...it, seen, past: past.slice(0, LONGEST_PAST) }], scope.now);
}

/** Whether the value can't be an older one on a late request, nor the agent's own that is still there. */
function isFresh(it: Mirror, value: string, now: number): boolean {
  if (value === it.own && !it.seen) return false;
  return !it.past.some((was) => was.value === value && was.until > now);
}

/** A mirror, and the cookie of the jar that it shows. */
interface Pair {
  readonly it: Mirror;
  readonly kept: JarCookie;
}

/** A script gave the cookie another value; how long it is to live can't be known, so it lives as long as the jar. */
function rewrite(jar: Jar, { it, kept }: Pair, value: string, scope: CookieScope): Jar {
  if (kept.name.length + value.length > LARGEST_PAIR) return jar;
  const anew = { value, expiresAt: null, setAt: scope.now };
  const cookies = jar.cookies.map((each) => (each === kept ? { ...kept, ...anew } : each));
  const cookie = { ...it.cookie, ...anew };
  return withMirrors(
    { ...jar, cookies },
    [{ ...changed(it, value, scope.now), cookie, seen: true }],
    scope.now,
  );
}

function forget(jar: Jar, { it, kept }: Pair, scope: CookieScope): Jar {
  const cookies = jar.cookies.filter((each) => each !== kept);
  return withMirrors({ ...jar, cookies }, [hide(it, scope.now)], scope.now);
}

/** A script set a cookie that was not there before; which path it has can't be known, so it goes with all. */
function take(jar: Jar, pair: CookiePair, scope: CookieScope): Jar {
  const { name, value } = pair;
  const its = jar.cookies.filter((it) => isInJar(it, scope));
  if (its.length >= MOST_COOKIES || name.length + value.length > LARGEST_PAIR) return jar;
  if (jar.own.includes(name) || its.some((it) => it.name === name)) return jar;
  const covering = coverOf(jar, name);
  if (covering !== undefined && (value === covering.own || !isFresh(covering, value, scope.now))) return jar;
  const cookie = scriptCookie(pair, scope);
  const own = covering?.own ?? null;
  const mirrored = { cookie, gone: false, seen: true, changedAt: scope.now, past: covering?.past ?? [], own };
  return withMirrors({ ...jar, cookies: [...jar.cookies, cookie] }, [mirrored], scope.now);
}

/** The mirror of a name that is not in the browser now. */
function coverOf(jar: Jar, name: string): Mirror | undefined {
  return jar.mirrors.find((it) => it.gone && it.cookie.name === name);
}

function scriptCookie(pair: CookiePair, scope: CookieScope): JarCookie {
  return {
    ...pair,
    domain: hostOf(scope),
    hostOnly: true,
    path: "/",
    secure: /^__(host|secure)-/i.test(pair.name),
    httpOnly: false,
    sameSite: null,
    expiresAt: null,
    setAt: scope.now,
    ...inJarOf(scope),
  };
}

/** Whether it was announced as one that scripts set, and can be one. */
export function isScripted(name: string, scope: CookieScope): boolean {
  const beyondScripts =
    name === "" || /^__(host-)?http-/i.test(name) || isReserved({ name, value: "" }, scope);
  if (beyondScripts || isAgents(name, scope)) return false;
  return isNamed(name, scope.scripted ?? []);
}

function isAgents(name: string, { agents = [] }: CookieScope): boolean {
  return isNamed(name, agents);
}

/** Drops mirrors that are gone and hide no cookie of the agent's, once no late request can contain them. */
function withMirrors(jar: Jar, changed: readonly Mirror[], now: number): Jar {
  const kept = jar.mirrors
    .filter((it) => !changed.some((by) => sameCookie(by.cookie, it.cookie)))
    .filter((it) => !it.gone || it.own !== null || now <= it.changedAt + ON_ITS_WAY);
  return { ...jar, mirrors: [...kept, ...changed] };
}

function valuesOf(pairs: readonly CookiePair[], name: string): readonly string[] {
  return pairs.filter((pair) => pair.name === name).map(({ value }) => value);
}
