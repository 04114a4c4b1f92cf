import { appAt } from "../../config/apps.ts";
import type { Settings, Snapshot } from "../../config/snapshot.ts";
import { absoluteForm, canonicalUrl } from "../../domain/routing/canonical-url.ts";
import { Fault } from "../../errors.ts";
import { isBelow } from "./request-target.ts";

/**
 * The config of the app that a request is for, by its host and canonical path; a path without one reading is taken as it is. Throws a Fault
 * where it is neither for an app nor for us.
 */
export function appOf(whole: Snapshot, host: string, sent: string): Snapshot {
  if (whole.apps === null) return whole;
  const path = pathOf(sent, whole.settings);
  const snapshot = appAt(whole, host, path);
  if (snapshot !== null) return snapshot;
  if (isBelow(path, whole.settings.prefix)) return whole;
  throw new Fault("no-app", `no app has ${host}${path.slice(0, 100)}`);
}

function pathOf(sent: string, settings: Settings): string {
  const target = sent.startsWith("/") ? sent : (absoluteForm(sent)?.rest ?? "/");
  const url = canonicalUrl(target, { ...settings.urlLimits, encodedSlash: "keep" });
  return url.kind === "canonical" ? url.path : (target.split("?", 1)[0] ?? "/");
}
