import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { parseCookies } from "../../domain/cookies/cookie.ts";
import { Fault } from "../../errors.ts";
import type { Label } from "../../sessions/labels.ts";
import { cookieNames, setOwnCookie } from "../http/own-cookies.ts";
import type { Received } from "../request.ts";
import type { Services } from "../services/services.ts";
import type { Answer } from "../stages/answer.ts";
import { quiet } from "./leading.ts";

/** How long a browser has for the way over, seconds. */
const NONCE_SECONDS = 60;
const SESSION_SECONDS = 400 * 86_400;

/**
 * The first step onto a label: it gives this browser a nonce, and sends it for a code to the app's host, which knows the agent. So a
 * code that is pushed onto somebody, or that somebody reads, opens nothing.
 */
export function toTheLabel(received: Received, label: Label, to: string): Answer {
  const { scheme, snapshot } = received;
  const { prefix, cookie } = snapshot.settings;
  const nonce = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({ label: label.name, nonce: hashOf(nonce), to });
  return {
    status: 303,
    headers: [
      ...quiet(`${label.app.origin}${prefix}/over?${query}`),
      ["Set-Cookie", setOwnCookie(cookieNames(cookie.name, scheme).nonce, nonce, scheme, NONCE_SECONDS)],
    ],
    body: "",
  };
}

/** The last step: a code is redeemed by the browser that has its nonce, which gets the label's cookie for it. */
export async function lead(services: Services, received: Received, label: Label): Promise<Answer> {
  const { scheme, snapshot, navigation, query, sent } = received;
  if (sent !== "GET" || !navigation.topLevel || navigation.speculative)
    throw new Fault("forbidden", "only a page in a tab leads onto a label");
  const code = new URLSearchParams(query ?? "").get("code") ?? "";
  const names = cookieNames(snapshot.settings.cookie.name, scheme);
  const nonce = parseCookies(received.raw.headers.cookie ?? null).find(({ name }) => name === names.nonce);
  const pass = await services.labels.redeem(code);
  const fits =
    pass !== null &&
    nonce !== undefined &&
    pass.label === label.name &&
    pass.agent === label.agent &&
    same(pass.nonce, hashOf(nonce.value));
  if (!fits)
    throw new Fault(
      "forbidden",
      "the code is old, was used, or is another browser's; open the page once more",
    );
  return {
    status: 303,
    headers: [
      ...quiet(pass.to),
      ["Set-Cookie", setOwnCookie(names.secret, label.session, scheme, SESSION_SECONDS)],
      ["Set-Cookie", setOwnCookie(names.nonce, null, scheme, null)],
    ],
    body: "",
  };
}

function hashOf(nonce: string): string {
  return createHash("sha256").update(nonce).digest("base64url");
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
