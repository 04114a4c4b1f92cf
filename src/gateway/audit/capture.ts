import type { Captured } from "../../domain/audit-event.ts";
import { formFields } from "../../domain/method/form-fields.ts";
import { firstValue } from "../../domain/raw-headers.ts";
import type { Settled } from "../request.ts";

/** The most UTF-16 units of a form's fields that are kept; more is cut between two fields. */
const LONGEST_FORM = 8_192;

type Read = Pick<Settled, "raw" | "snapshot" | "headers" | "content">;

/** What the config has recorded of a request besides the usual. */
export function capturedOf(read: Read): Captured {
  const { capture } = read.snapshot.settings.audit;
  return {
    headers: capture.headers.flatMap((name) => {
      const value = read.raw.headers[name];
      return value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value] as const];
    }),
    form: capture.body === "none" ? null : formOf(read),
  };
}

function formOf({ headers, content: { beginning, body } }: Read): Captured["form"] {
  if (beginning === null || beginning.length === 0) return null;
  const whole = body !== null;
  const fields = formFields(firstValue(headers, "content-type") ?? "", beginning.toString("utf8"));
  // Cut JSON can't be parsed.
  if (fields === null) return whole ? null : { fields: "", whole };
  if (fields.length <= LONGEST_FORM) return { fields, whole };
  const end = fields.lastIndexOf("&", LONGEST_FORM);
  return { fields: fields.slice(0, end < 0 ? LONGEST_FORM : end), whole: false };
}
