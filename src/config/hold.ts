import type { Policy } from "../domain/policy.ts";
import { edited } from "./apps.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * The config that new requests live in. A request asks once, at the door, and keeps what it got. `prefix`, `cookie` and the scheme
 * of `publicUrl` stay as they began.
 */
export interface Holder {
  current(): Snapshot;
  swap(next: Snapshot): void;
  /** Lays over the policy of this config, and of each later one, what administrators have said meanwhile. */
  overlay(edit: (policy: Policy) => Policy): void;
}

export function holder(initial: Snapshot): Holder {
  let written = initial;
  let held = initial;
  let said = (policy: Policy) => policy;
  const overlaid = ({ policy }: Snapshot) => ({ policy: said(policy) });
  return {
    current: () => held,
    overlay(edit) {
      said = edit;
      held = edited(written, overlaid);
    },
    swap(next) {
      // The gateway's own pages were put below the prefix at the start; moved, they would be nowhere. And under another name the
      // cookies that browsers have would be the app's: impersonations would go on as the agent without a word.
      const { prefix, cookie } = initial.settings;
      written = edited(next, ({ settings }) => {
        const publicUrl = publicUrlOf(initial, settings.app);
        const moved = publicUrl !== undefined && schemeOf(settings.publicUrl) !== schemeOf(publicUrl);
        return { settings: { ...settings, prefix, cookie, ...(moved ? { publicUrl } : {}) } };
      });
      held = edited(written, overlaid);
    },
  };
}

/** What an app had at the start; undefined where it is new. */
function publicUrlOf({ apps, settings }: Snapshot, app: string | null): string | null | undefined {
  if (app === settings.app) return settings.publicUrl;
  return apps?.all.find((it) => it.settings.app === app)?.settings.publicUrl;
}

/** What decides on the name of our cookie; empty where the connection does. */
export function schemeOf(publicUrl: string | null): string {
  return publicUrl === null ? "" : new URL(publicUrl).protocol;
}
