import type { Identity } from "../domain/identity.ts";
import type { Received } from "./received.ts";

/** Whether a form was sent from a page of this origin, by what the browser says of it. */
export function isSameOrigin({ raw, origin, navigation }: Received): boolean {
  const said = raw.headers.origin;
  if (said !== undefined && said !== "null") return said === origin;
  return navigation.site === "same-origin" || navigation.site === "unknown";
}

/** Whom a form's token is bound to: the impersonation where there is one, so that Stop needs neither store nor identity. */
export function formSubject(received: Received, trueUser: Identity | null): string {
  return received.secret ?? trueUser?.id ?? "";
}
