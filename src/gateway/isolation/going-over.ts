import { hash, randomBytes } from "node:crypto";
import { parseCookies } from "../../domain/cookies/cookie.ts";
import { Fault } from "../../errors.ts";
import { sameText } from "../../keys/csrf.ts";
import type { ConsolePass, LabelPass } from "../../sessions/codes.ts";
import { cookieNames, setOwnCookie } from "../http/own-cookies.ts";
import type { Answer } from "../http/raw-response.ts";
import { ledTo } from "../own-pages/answers.ts";
import type { Received } from "../request.ts";
import type { Services } from "../services/services.ts";

/** The host to go to, where the browser isn't known yet: a label's, or the console's. */
type Place = { readonly label: string } | { readonly console: "1" };

/**
 * The first step onto such a host: gives this browser a nonce and redirects it to the app's host, which knows the person and gives a code.
 * The code works only with the nonce, so a stolen or planted one opens nothing.
 */
export function goOver(received: Received, place: Place, app: string, to: string): Answer {
  const { site, snapshot } = received;
  const { prefix, cookie, goingOver } = snapshot.settings;
  const nonce = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({ ...place, nonce: hashOf(nonce), to });
  const name = cookieNames(cookie.name, site.scheme).nonce;
  const line = setOwnCookie(name, nonce, site.scheme, Math.ceil(goingOver.nonce / 1000));
  return ledTo(`${app}${prefix}/over?${query}`, [["Set-Cookie", line]]);
}

/** The value of the browser's cookie on that host, and its age in seconds. */
export interface Session {
  readonly secret: string;
  readonly seconds: number;
}

/** The last step: redeems a code for the browser with its nonce. `open` gives the cookie, or null for a code for something else. */
export async function enter(
  services: Services,
  received: Received,
  open: (pass: LabelPass | ConsolePass) => Promise<Session | null>,
): Promise<Answer> {
  const { site, snapshot, navigation, url, sent } = received;
  if (sent !== "GET" || !navigation.topLevel || navigation.speculative)
    throw new Fault("forbidden", "only a page in a tab leads onto a host of ours");
  const code = new URLSearchParams(url.query ?? "").get("code") ?? "";
  const names = cookieNames(snapshot.settings.cookie.name, site.scheme);
  const nonce = parseCookies(received.raw.headers.cookie ?? null).find(({ name }) => name === names.nonce);
  // Without the cookie a redirect would lead here again and again.
  if (nonce === undefined) throw new Fault("cookies-refused", "a code came without the nonce's cookie");
  const pass = await services.codes.redeem(code);
  const led = pass?.kind === "label" || pass?.kind === "console";
  const fits = led && sameText(pass.nonce, hashOf(nonce.value));
  const session = fits ? await open(pass) : null;
  if (!fits || session === null)
    throw new Fault(
      "forbidden",
      "the code is old, was used, or is another browser's; open the page once more",
    );
  return ledTo(pass.to, [
    ["Set-Cookie", setOwnCookie(names.secret, session.secret, site.scheme, session.seconds)],
    ["Set-Cookie", setOwnCookie(names.nonce, null, site.scheme, null)],
  ]);
}

function hashOf(nonce: string): string {
  return hash("sha256", nonce, "base64url");
}
