import { methodInBody } from "../domain/body-method.ts";
import { UNKNOWN_METHOD } from "../domain/method.ts";
import { peekBody } from "./body.ts";
import { keepsFields } from "./capture.ts";
import type { Owned } from "./find-owner.ts";

/** Where `_method` is looked for: frameworks read it from forms, which put it first. */
const FORM_HEAD = 65_536;

/** A request whose method is known for good, also where its body has a say. `body`: it was read and is sent from here. */
export interface Settled extends Owned {
  readonly body: Buffer | null;
  /** What was read of the body, of which there may be more; null where nothing was. */
  readonly beginning: Buffer | null;
  /** The agent has said yes to this very request. */
  readonly confirmed: boolean;
}

/** Under a disguise a POST is judged by what its `_method` makes of it. Own traffic's bodies are never touched. */
export async function settleMethod(owned: Owned): Promise<Settled> {
  const settled = { ...owned, body: null, beginning: null, confirmed: false };
  const post = owned.sent === "POST";
  if (owned.disguise.kind !== "held" || !(post || keepsFields(owned))) return settled;
  const { bytes, whole } = await peekBody(owned.raw, FORM_HEAD, owned.snapshot.settings.timeouts.requestIdle);
  const read = { ...settled, body: whole ? bytes : null, beginning: bytes };
  if (!post) return read;
  const inBody = methodInBody(bytes.toString("latin1"));
  if (inBody === null || inBody === owned.method) return read;
  // Where query and body differ, nobody knows which of them counts for the app.
  const method = owned.method === owned.sent ? inBody : UNKNOWN_METHOD;
  const rule = owned.snapshot.rules.match({ host: owned.host, path: owned.path, method });
  return { ...read, method, overridden: true, rule };
}
