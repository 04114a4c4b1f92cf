import type { Written } from "../../audit/record/parse.ts";

const LEFT = 16;

/** One record as one line for people. No character in it can move the cursor or be invisible. */
export function printed(record: Written): string {
  const { event, user, guise, url, http } = record;
  const effective = user?.effective?.id;
  const who = [user?.id, effective === undefined ? undefined : `as ${effective}`].filter(Boolean).join(" ");
  const request = [http?.request?.method, url?.path].filter(Boolean).join(" ");
  const parts = [
    record["@timestamp"].replace("T", " ").replace("Z", ""),
    who.padEnd(LEFT),
    event.action.padEnd(24),
    (http?.response?.status_code?.toString() ?? "").padEnd(3),
    request,
    noteOf(record),
    guise.impersonation === undefined ? "" : `[${guise.impersonation}]`,
  ];
  return harmless(
    parts
      .filter((part) => part !== "")
      .join("  ")
      .trimEnd(),
  );
}

/** What is remarkable: why it was decided so, how it ended if not well, why the agent came. */
function noteOf({ event, guise, message }: Written): string {
  const notes = [
    guise.decision,
    guise.ending === "success" ? undefined : guise.ending,
    event.reference,
    event.reason === undefined ? undefined : `“${event.reason}”`,
    message,
  ];
  const said = [...new Set(notes.filter((note) => note !== undefined && note !== ""))];
  return said.length === 0 ? "" : `(${said.join(", ")})`;
}

function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd");
}
