import type { Identity } from "../domain/identity.ts";
import type { Received } from "./received.ts";

/** Whom a form's token is bound to: the impersonation where there is one, so that Stop needs neither store nor identity. */
export function formSubject(received: Received, trueUser: Identity | null): string {
  return received.secret ?? trueUser?.id ?? "";
}
