/** What a webhook is told of, of a record as the journal has it. */
export interface HookRecord {
  readonly "@timestamp": string;
  readonly event: {
    readonly id: string;
    readonly action: string;
    readonly outcome: string;
    readonly reference?: string;
  };
  readonly user?: { readonly id?: string; readonly effective?: { readonly id: string } };
  readonly guise: { readonly impersonation?: string; readonly mode?: string; readonly decision?: string };
}

/** The body of a delivery. Ids only, no names and no reasons; `slack` is the sentence alone. */
export function hookMessage(record: HookRecord, format: "json" | "slack"): string {
  const message = messageOf(record);
  return JSON.stringify(format === "slack" ? { text: plain(message.text) } : message);
}

/** `text` is what chat services show. */
function messageOf({ "@timestamp": at, event, user, guise }: HookRecord) {
  const effective = user?.effective?.id;
  const who = effective === undefined ? (user?.id ?? "guise") : `${user?.id ?? "nobody"} as ${effective}`;
  const why = [guise.decision, event.reference].filter((part) => part !== undefined).join(", ");
  return {
    text: `${event.action}: ${who}${why === "" ? "" : ` (${why})`}`,
    id: event.id,
    action: event.action,
    at,
    outcome: event.outcome,
    trueUser: user?.id ?? null,
    effectiveUser: effective ?? null,
    impersonation: guise.impersonation ?? null,
    mode: guise.mode ?? null,
    decision: guise.decision ?? null,
    ticket: event.reference ?? null,
  };
}

/** Ids are anybody's choice: none of them may call a whole channel, or look like a line of its own. */
function plain(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
  return line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
