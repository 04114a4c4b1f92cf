import type { Settings, Snapshot } from "../../config/snapshot.ts";
import { Fault } from "../../errors.ts";

/** Where requests go, and by what: all that a proxy in front needs to know. */
export interface SplitPlan {
  /** The name that browsers call the app by; null: whatever they say. */
  readonly host: string | null;
  readonly listen: number;
  /** `host:port` of the gateway. */
  readonly guise: string;
  readonly app: AppPlace;
  /** `/.guise`, without a slash at the end. */
  readonly prefix: string;
  /** A cookie of ours in a `Cookie` header, as a POSIX pattern that PCRE, RE2 and Go read the same. */
  readonly cookie: string;
  /** Our own headers, which a client may only forge; names that begin with `X-Guise` aside. */
  readonly forged: readonly string[];
}

interface AppPlace {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly socket: string | null;
}

interface Asked {
  readonly host: string | null;
  readonly listen: number;
  readonly guise: string;
  readonly app: string | null;
}

/** These go to the gateway: a page's script sets the one, `guise doctor` the other. */
export const TO_GUISE = ["X-Guise-Tab", "X-Guise-Probe"] as const;
/** As they are called without a config. */
const OURS = ["X-Guise-Assertion", "X-Guise-User", "X-Guise-True-User", "X-Guise-Impersonation"] as const;

/** Throws a Fault where a config can't be split: then an app would believe what it gets past the gateway. */
export function planOf(whole: Snapshot, asked: Asked): SplitPlan {
  const settings = settingsOf(whole, asked.app);
  const { headers, upstream, publicUrl, cookie, prefix } = settings;
  if (headers.plain)
    throw new Fault(
      "config-invalid",
      "requests that go straight to the app could say who they are: an app may believe the signed token alone; write `headers: { plain: false }`",
    );
  if (headers.when !== "impersonating")
    throw new Fault(
      "config-invalid",
      "customers that go straight to the app bring no token, and `headers.when` promises one; write `headers: { when: impersonating }`",
    );
  const { hostname, port, protocol } = new URL(upstream.origin);
  const tls = protocol === "https:";
  const named = [headers.assertion, headers.user, headers.trueUser, headers.impersonation];
  return {
    host: asked.host ?? (publicUrl === null ? null : new URL(publicUrl).hostname),
    listen: asked.listen,
    guise: asked.guise,
    app: { host: hostname, port: Number(port || (tls ? 443 : 80)), tls, socket: upstream.socket },
    prefix,
    cookie: `(^|;[[:space:]]*)(__Host-|__Secure-)?${cookie.name}(_agent|-[a-z-]+)?=`,
    forged: [...new Set([...OURS, ...named])],
  };
}

function settingsOf(whole: Snapshot, app: string | null): Settings {
  if (whole.apps === null) return whole.settings;
  const names = whole.apps.all.map(({ settings }) => settings.app);
  const found = whole.apps.all.find(({ settings }) => settings.app === app);
  if (found === undefined)
    throw new Fault(
      "config-invalid",
      `the config has several apps; write --app with one of ${names.join(", ")}`,
    );
  return found.settings;
}

/** The prefix in a pattern. */
export function escaped(prefix: string): string {
  return prefix.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
