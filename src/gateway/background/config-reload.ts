import { appNames } from "../../config/apps.ts";
import type { Holder } from "../../config/hold.ts";
import type { Load } from "../../config/load.ts";
import { formatProblem } from "../../config/problem.ts";
import { type Watch, watch } from "../../config/watch.ts";
import { eventOf } from "../audit/audit-event.ts";
import type { Services } from "../services/services.ts";
import { checkLookups } from "./check-lookups.ts";

interface ReloadOptions {
  readonly held: Holder;
  /** Path of the config, and the text of its parts that only a restart can change. */
  readonly file: string;
  readonly written: string;
  load(): Promise<Load>;
  /** Called with the names of the apps of every config that was taken in. */
  keepApps(apps: readonly (string | null)[]): void;
  /** Called with impersonation switched off: everything under an impersonation is cut already, its end is to be recorded. */
  switchedOff(): Promise<void>;
  /** Called with every other config that was taken in: rights may be gone that something open goes on by. */
  changed(): Promise<void>;
}

/** Takes edits of the config in while everything runs, and writes down which it was. */
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

/** Which config runs, or why an edit of it doesn't; `detail` names its problems. */
export async function recordConfig(
  services: Services,
  action: "config.loaded" | "config.rejected",
  detail: string | null,
): Promise<void> {
  const outcome = action === "config.loaded" ? "success" : "failure";
  const nobody = { trueUser: null, effectiveUser: null, impersonation: null };
  const event = eventOf(services, null, {
    action,
    outcome,
    ...nobody,
    ...(detail === null ? {} : { detail }),
  });
  // A disk that is full is no reason not to proxy.
  await services.ledger
    .record(event)
    .catch((error: unknown) => services.log.error({ err: error, event }, "a config could not be recorded"));
}
