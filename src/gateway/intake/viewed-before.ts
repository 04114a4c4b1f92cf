import { isSafe } from "../../domain/method/method.ts";
import { cookieNames, setOwnCookie } from "../http/own-cookies.ts";
import type { Received } from "../request.ts";
import type { Judging, Services } from "../services/services.ts";

export const NO_ONE: readonly string[] = Object.freeze([]);

/** Of the customers whom a browser has viewed, it is asked to remember this many, with ids no longer than this in sum. */
const MOST = 5;
const LONGEST = 600;

/** Whom this browser has viewed, as far as one of these values is ours. */
export function viewedBefore({ forms, clock }: Judging, sealed: readonly string[]): readonly string[] {
  if (sealed.length === 0) return NO_ONE;
  const now = clock.now();
  const text = sealed.map((it) => forms.marked("before", it, now)).find((it) => it !== null) ?? null;
  return text === null ? NO_ONE : (JSON.parse(text) as readonly string[]);
}

/** The line by which the browser remembers one more. On a host of its own nothing of a customer's is ever the agent's. */
export function viewedCookie(services: Services, received: Received, customer: string): readonly string[] {
  const { browser, site, snapshot } = received;
  if (site.label !== null) return [];
  const ids = [customer, ...browser.viewedBefore.filter((it) => it !== customer)].slice(0, MOST);
  while (ids.length > 1 && ids.join().length > LONGEST) ids.pop();
  const { name, keep } = snapshot.settings.cookie;
  const names = cookieNames(name, site.scheme, browser.domain);
  // Pages stay open as long; the cookie itself goes when the browser is closed, and its pages with it.
  const sealed = services.forms.mark("before", JSON.stringify(ids), services.clock.now(), keep);
  return [setOwnCookie(names.before, sealed, site.scheme, null, browser.domain)];
}

/** Whether it matters whose page a request of own traffic came from: a form, in a browser that has viewed somebody. */
export function mayBeOfLeftPage({ browser, method, navigation }: Received): boolean {
  return (
    browser.viewedBefore.length > 0 && browser.secret === null && navigation.wantsPage && !isSafe(method)
  );
}
