import { foldName } from "../../domain/headers.ts";
import { remembering } from "../../domain/remembering.ts";
import { Fault } from "../../errors.ts";
import { carriesOurs } from "../http/own-cookies.ts";
import type { Outbound, Signed } from "../request.ts";
import type { Services } from "../services/services.ts";
import { crossesIdentities } from "./outbound-headers.ts";

/** The invariants that every request is checked for just before its first byte; the numbers are those of docs/attacks.md. */
export const INVARIANTS = ["1", "2", "6", "7", "12", "18", "19"] as const;
type Invariant = (typeof INVARIANTS)[number];

/** Counts each broken invariant and refuses the request. */
export function assure(services: Services, signed: Signed, going: Outbound): Outbound {
  const broken = brokenInvariants(signed, going);
  if (broken.length === 0) return going;
  for (const invariant of broken) services.counters.violated(invariant);
  throw new Fault("internal", `a request would have broken the invariants ${broken.join(", ")}`);
}

/** Which of them a request breaks, read from what is really sent. */
export function brokenInvariants(signed: Signed, { headers }: Outbound): readonly Invariant[] {
  const { settings } = signed.snapshot;
  const { drops, passes } = settings.headerRules;
  const impersonating = signed.effects.impersonation !== null;
  const ours = headers.length - signed.signIn.headers.length;
  const broken: Invariant[] = [];
  let cookies: string | undefined;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? "";
    const foreign = at < ours && drops(name) && (impersonating || !passes(signed.client.peer, name));
    if (foreign && !broken.includes("1")) broken.push("1");
    const crosses = impersonating && crossesIdentities(signed.sent, name, headers[at + 1] ?? "");
    if (crosses && !broken.includes("19")) broken.push("19");
    if (name.length !== 6 || name.toLowerCase() !== "cookie") continue;
    const value = headers[at + 1] ?? "";
    cookies = cookies === undefined ? value : `${cookies}; ${value}`;
  }
  if (twice(signed.signIn.headers)) broken.push("2");
  const lie = lieOf(signed);
  if (lie !== null) broken.push(lie);
  if (impersonating && signed.effects.intent === null) broken.push("12");
  if (
    cookies !== undefined &&
    carriesOurs(cookies, settings.cookie.name, { secrets: !signed.session.nobodys })
  )
    broken.push("18");
  return broken;
}

function twice(identityHeaders: readonly string[]): boolean {
  for (let at = 2; at < identityHeaders.length; at += 2)
    for (let before = 0; before < at; before += 2)
      if (foldName(identityHeaders[at] ?? "") === foldName(identityHeaders[before] ?? "")) return true;
  return false;
}

/** The people whom a token names. */
interface Said {
  readonly sub?: unknown;
  readonly act?: { readonly sub?: unknown; readonly act?: unknown };
}

const MOST_TOKENS = 1000;
/** Tokens are reused for a while, so each is parsed once. */
const saidBy = remembering(
  (token): Said => JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()),
  MOST_TOKENS,
);

function lieOf({ signIn: { headers }, snapshot, effects }: Signed): "6" | "7" | null {
  const at = headers.indexOf(snapshot.settings.headers.assertion);
  if (at < 0) return effects.impersonation === null ? null : "6";
  const { sub, act } = saidBy(headers[at + 1] ?? "");
  if (effects.impersonation === null) return act === undefined && sub === effects.trueUser?.id ? null : "7";
  const both = act?.sub === effects.trueUser?.id && effects.trueUser?.id === effects.impersonation.agent.id;
  return both && act?.act === undefined && sub === effects.impersonation.effectiveUser.id && sub !== act?.sub
    ? null
    : "6";
}
