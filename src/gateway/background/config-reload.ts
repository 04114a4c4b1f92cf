import { appNames, warnOfUnchecked } from "../../config/apps.ts";
import type { Holder } from "../../config/hold.ts";
import type { Load } from "../../config/load.ts";
import { formatProblem } from "../../config/problem.ts";
import { type Watch, watch } from "../../config/watch.ts";
import { eventOf, NOBODY, recordAside } from "../audit/audit-event.ts";
import type { Services } from "../services/services.ts";
import { checkLookups } from "./check-lookups.ts";

interface ReloadOptions {
  readonly held: Holder;
  /** Path of the config, and the text of its parts that only a restart can change. */
  readonly file: string;
  readonly written: string;
  load(): Promise<Load>;
  /** Called with the names of the apps of each new config. */
  keepApps(apps: readonly (string | null)[]): void;
  /** Called when impersonation was switched off: everything under an impersonation is cut, and the ends have to be recorded. */
  switchedOff(): Promise<void>;
  /** Called with each other new config: what is open may have lost its right. */
  changed(): Promise<void>;
}

/** Loads edits of the config while the gateway runs, and records each. */
export function watchConfig(services: Services, options: ReloadOptions): Watch {
  const { log } = services;
  const { held, file, written } = options;
  return watch(file, {
    digest: held.current().digest,
    load: options.load,
    async accepted({ snapshot, parts }) {
      held.swap(snapshot);
      options.keepApps(appNames(snapshot));
      const off = snapshot.policy.impersonation === "off";
      if (off) services.sockets.cutImpersonated("ended-revoked");
      log.info({ config: snapshot.digest }, "config: the new one is in use");
      warnOfUnchecked(snapshot, log);
      if (parts.written !== written)
        log.warn(
          {},
          "config: `store`, `audit`, `keys`, `prefix`, `cookie`, `data` and the scheme of `publicUrl` count from the next start on",
        );
      await recordConfig(services, "config.loaded", null);
      void checkLookups(snapshot, log);
      await (off ? options.switchedOff() : options.changed());
    },
    async rejected({ problems }) {
      const lines = problems.map(formatProblem);
      log.error({ problems: lines }, "config: the edit has problems, nothing was changed");
      await recordConfig(services, "config.rejected", lines.slice(0, 20).join("\n"));
    },
    failed: (error) => log.error({ err: error }, "config: could not be looked at, nothing was changed"),
  });
}

/** Records which config runs, or why an edit was refused; `detail` names its problems. */
export async function recordConfig(
  services: Services,
  action: "config.loaded" | "config.rejected",
  detail: string | null,
): Promise<void> {
  const outcome = action === "config.loaded" ? "success" : "failure";
  const event = eventOf(services, null, { action, outcome, ...NOBODY, detail });
  // With a full disk the gateway still proxies.
  await recordAside(services, event, "a config");
}
