import type { CustomerCard } from "../../domain/consent/consent.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Impersonation } from "../../domain/impersonation.ts";
import { Fault } from "../../errors.ts";
import type { FormToken } from "../../keys/csrf.ts";
import { CONFIRMING } from "../intake/request-target.ts";
import type { Received } from "../request.ts";
import type { FormPurpose, Services } from "../services/services.ts";

/** What the token of each form is bound to. */
export const SUBJECTS = {
  /** Bound to the browser's impersonation as well, so that a form that was left open starts nothing. */
  start: (agent: Identity, target: string, { browser }: Pick<Received, "browser">) => [
    agent.id,
    target,
    browser.secret ?? "",
  ],
  elevate: (agent: Identity, it: Impersonation) => [agent.id, it.id],
  lower: (agent: Identity, it: Impersonation) => [agent.id, it.id],
  confirm: (question: string) => [question],
  /** Who says something to what: a consent, or what is said without one; `link` is what a mail brought. */
  consent: (person: string, about: string, link: string | null) => [person, about, link ?? ""],
  /** What is done to others from the page of what runs. */
  running: (administrator: Identity) => [administrator.id],
  "sign-out": (agent: Identity) => [agent.id],
  /** Only binds the address that Stop leads to: Stop itself needs no token. */
  stop: ({ browser }: Pick<Received, "browser">, to: string) => [browser.secret ?? "", to],
} as const satisfies Record<FormPurpose, (...it: never[]) => readonly string[]>;

/** The hidden field of a form on a page of ours. */
export function tokenFor(
  { forms, clock }: Pick<Services, "forms" | "clock">,
  { snapshot }: Pick<Received, "snapshot">,
  purpose: FormPurpose,
  subject: readonly string[],
): string {
  return forms.token(purpose, subject, clock.now() + snapshot.settings.timeouts.form);
}

/** The hidden field of the card in a customer's own page: it says no, or ends, for as long as there is something to say it to. */
export function cardToken(
  { forms }: Pick<Services, "forms">,
  { kind, customer, about, until }: CustomerCard,
): string {
  return forms.token("consent", cardSubject(customer, kind === "asks" ? "decline" : "end", about), until);
}

/** Bound to the card, so that it opens nothing on the customer's page. */
export function cardSubject(customer: string, action: "decline" | "end", about: string): readonly string[] {
  return SUBJECTS.consent(customer, `${action} ${about}`, "card");
}

type Marking = (
  services: Pick<Services, "forms" | "clock">,
  received: Pick<Received, "snapshot">,
  said: string,
  to: string,
) => string;

const marking = (purpose: "yes" | "ordered"): Marking => {
  return ({ forms, clock }, { snapshot }, said, to) => {
    const mark = forms.mark(purpose, said, clock.now(), snapshot.settings.timeouts.leftOpen);
    return `${to}${to.includes("?") ? "&" : "?"}${CONFIRMING}=${mark}`;
  };
};

/** Where the yes to a question (`said`) goes: the address that it is about, with a signed mark. */
export const yesAddress = marking("yes");

/** Where a yes that was given on the console leads: the same address on the host that asked, with a code (`said`) that counts once. */
export const orderedAddress = marking("ordered");

/** What the token says; throws `forbidden` where it isn't ours or for another form. It may be expired or used: see `countsNow`. */
export function readToken(
  { forms }: { readonly forms: Pick<Services["forms"], "read"> },
  purpose: FormPurpose,
  subject: readonly string[],
  token: string | null,
): FormToken {
  const read = token === null ? null : forms.read(purpose, subject, token);
  if (read !== null) return read;
  throw new Fault("forbidden", `the token of the form is missing, or not for this ${purpose}`);
}

/** Whether the form counts: not expired, and sent for the first time. */
export async function countsNow(
  { clock, spentForms }: Pick<Services, "clock" | "spentForms">,
  { id, expiresAt }: FormToken,
): Promise<boolean> {
  return clock.now() < expiresAt && (await spentForms.spend(id, expiresAt));
}
