import type { Grant } from "../domain/policy.ts";
import type { Words } from "../page/words/en.ts";
import { type Html, html } from "./html.ts";

/** Where the agent says why: in words of their own, or by one of the list that the config has. */
export function reasonField(
  { reason, reasons }: Pick<Grant, "reason" | "reasons">,
  given: string | null,
  { start }: Words,
): Html {
  const required = reason === "required";
  const must = required ? html` required` : null;
  const label = html`<label for="reason">${start.why} <span class="hint">${required ? start.required : start.optional}</span></label>`;
  if (reasons === null)
    return html`${label}
<textarea id="reason" name="reason" maxlength="500"${must}>${given ?? ""}</textarea>`;
  const options = reasons.map(
    (it) => html`<option value="${it}"${it === given ? html` selected` : null}>${it}</option>`,
  );
  return html`${label}
<select id="reason" name="reason"${must}><option value=""></option>${options}</select>`;
}
