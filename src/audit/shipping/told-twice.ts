import { AUDIT_ACTIONS } from "../../domain/audit-event.ts";

interface Hook {
  readonly url: string;
  readonly format: string;
  readonly events?: readonly string[] | undefined;
}

/** Which webhooks are one that is written before: they would be told everything twice, and share how far they were told. */
export function toldTwice(
  hooks: readonly Hook[],
): readonly { readonly at: number; readonly message: string }[] {
  const seen = new Map<string, number>();
  return hooks.flatMap((hook, at) => {
    const key = keyOf(hook.url, hook);
    const before = seen.get(key);
    if (before === undefined) {
      seen.set(key, at);
      return [];
    }
    const message = `has the address, format and events of webhooks[${before}], so all would be told twice; write one entry, or give each its own \`events\``;
    return [{ at, message }];
  });
}

/** As receivers are told apart: a password or a fragment makes no other one, nor does naming all events. */
function keyOf(address: string, { format, events }: Hook): string {
  const url = URL.parse(address);
  if (url !== null) [url.username, url.password, url.hash] = ["", "", ""];
  const told = [...new Set(events ?? AUDIT_ACTIONS)].toSorted();
  return JSON.stringify([url?.href ?? address, format, told]);
}
