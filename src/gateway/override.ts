import { methodInBody } from "../domain/body-method.ts";
import { peekBody } from "./body.ts";
import type { Owned } from "./find-owner.ts";

/** Where `_method` is looked for: frameworks read it from forms, which put it first. */
const FORM_HEAD = 65_536;

/** A request whose method is known for good, also where its body has a say. `body`: it was read and is sent from here. */
export interface Settled extends Owned {
  readonly body: Buffer | null;
  /** The agent has said yes to this very request. */
  readonly confirmed: boolean;
}

/** Under a disguise a POST is judged by what its `_method` makes of it. Own traffic's bodies are never touched. */
export async function settleMethod(owned: Owned): Promise<Settled> {
  const settled = { ...owned, body: null, confirmed: false };
  if (owned.disguise.kind !== "held" || owned.sent !== "POST" || owned.overridden) return settled;
  const { bytes, whole } = await peekBody(owned.raw, FORM_HEAD, owned.snapshot.settings.timeouts.requestIdle);
  const body = whole ? bytes : null;
  const method = methodInBody(owned.raw.headers["content-type"] ?? "", bytes.toString("latin1"));
  if (method === null || method === "POST") return { ...settled, body };
  const rule = owned.snapshot.rules.match({ host: owned.host, path: owned.path, method });
  return { ...settled, body, method, overridden: true, rule };
}
