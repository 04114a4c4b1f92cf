import type { Policy } from "../domain/policy.ts";
import { edited } from "./apps.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * The current config. A request takes it once, in the intake, and keeps it to its end. `prefix`, `cookie` and the scheme
 * of `publicUrl` stay as they were at the start.
 */
export interface Holder {
  current(): Snapshot;
  swap(next: Snapshot): void;
  /** Applies the blocks and the switch of administrators to the policy of this config and of each later one. */
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
      // The gateway's own pages were registered below the prefix at the start. And with another cookie name, the app would get the
      // cookies that browsers have: impersonated requests would silently go on as the agent.
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

/** The scheme of `publicUrl`, which decides on the name of our cookie; empty if the connection decides. */
export function schemeOf(publicUrl: string | null): string {
  return publicUrl === null ? "" : new URL(publicUrl).protocol;
}
