import type { Settings } from "../../config/snapshot.ts";
import type { ClaimsInput } from "../../domain/claims.ts";
import type { Principal } from "../../domain/identity.ts";
import type { Services } from "../services/services.ts";

/** Both people, and the impersonation between them; null in own traffic. */
type Told = Principal & Pick<ClaimsInput, "impersonation">;

/** The headers that tell the app of both people: name, value, name, value. `passed`: one that stays as somebody trusted has sent it. */
export async function identityHeaders(
  tokens: Pick<Services["tokens"], "sign">,
  settings: Pick<Settings, "headers" | "token">,
  told: Told,
  { now, passed }: { readonly now: number; readonly passed: (name: string) => boolean },
): Promise<readonly string[]> {
  const { headers, token } = settings;
  const { trueUser, effectiveUser, impersonation } = told;
  const { issuer, audience, lifetime } = token;
  const principal = { trueUser, effectiveUser };
  const assertion = await tokens.sign({ principal, impersonation, issuer, audience, lifetime }, now);
  return [headers.assertion, assertion, ...(headers.plain ? unsigned(settings, told, passed) : [])];
}

/** The unsigned headers, each once. In own traffic one that a trusted proxy sent (`headers.pass`) stays as it is. */
function unsigned(
  { headers }: Pick<Settings, "headers">,
  { trueUser, effectiveUser, impersonation }: Told,
  passed: (name: string) => boolean,
): readonly string[] {
  const said: readonly (readonly [name: string | null, value: string | null])[] = [
    [headers.user, ascii(effectiveUser.id)],
    [headers.trueUser, ascii(trueUser.id)],
    [headers.impersonation, impersonation?.id ?? null],
    [headers.email, effectiveUser.email && ascii(effectiveUser.email)],
    [headers.name, effectiveUser.name && spaced(effectiveUser.name)],
    [headers.groups, effectiveUser.groups?.map(listed).join(",") ?? null],
  ];
  return said.flatMap(([name, value]) =>
    name === null || value === null || passed(name) ? [] : [name, value],
  );
}

/** Header values are ASCII: anything else in an id is percent-encoded, so that no server can read it differently. */
function ascii(id: string): string {
  return /^[\x21-\x24\x26-\x7e]*$/.test(id) ? id : encoded(id);
}

/** The same for names of people, in which single spaces stay. */
function spaced(name: string): string {
  return /^[\x21-\x24\x26-\x7e]+(?: [\x21-\x24\x26-\x7e]+)*$/.test(name) ? name : encoded(name);
}

/** A lone surrogate, which JSON can hold, has no UTF-8 form and is replaced. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** One item of a list that commas separate. */
function listed(group: string): string {
  return group.includes(",") ? encoded(group) : spaced(group);
}
