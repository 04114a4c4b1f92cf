import { escaped } from "./markup.ts";

/** What a script is told that puts HTML into its page. */
interface Refused {
  /** The reason word, or the fault's code. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  /** The id of the Turbo frame that it is for; anything else would be thrown away by the library. */
  readonly frame: string | null;
}

/** A few words without style or script, which fit wherever the app's script puts them. */
export function refusedFragment({ code, title, detail, frame }: Refused): string {
  const more = detail === title ? "" : ` ${escaped(detail)}`;
  const words = `<div class="guise-refused" role="alert" data-guise-refused="${escaped(code)}"><strong>${escaped(title)}</strong>${more}</div>\n`;
  return frame === null ? words : `<turbo-frame id="${escaped(frame)}">${words}</turbo-frame>\n`;
}
