import type { RawHeaders } from "../../domain/raw-headers.ts";
import type { Label } from "../../sessions/labels.ts";
import { publicAddresses } from "./response-headers.ts";

const POLICIES: ReadonlySet<string> = new Set([
  "content-security-policy",
  "content-security-policy-report-only",
]);
const ORIGINS: ReadonlySet<string> = new Set(["access-control-allow-origin", "timing-allow-origin"]);
/** What a browser keeps for a host, or for all that is below it: labels are many, and used once. */
const KEPT: ReadonlySet<string> = new Set(["alt-svc", "nel", "report-to", "strict-transport-security"]);

/** The headers of an app's answer as the label's host says them: where they name the app's own host, it is the label's. */
export function onTheLabel(headers: RawHeaders, { app }: Pick<Label, "app">, origin: string): RawHeaders {
  const turned: string[] = [];
  const led = publicAddresses(headers, app.origin, origin);
  for (let at = 0; at + 1 < led.length; at += 2) {
    const name = (led[at] ?? "").toLowerCase();
    const value = led[at + 1] ?? "";
    if (KEPT.has(name)) continue;
    turned.push(led[at] ?? "", better(name, value, app, origin));
  }
  return turned;
}

function better(name: string, value: string, app: Label["app"], origin: string): string {
  if (ORIGINS.has(name)) return value.replaceAll(/[^\s,]+/g, (it) => (it === app.origin ? origin : it));
  return POLICIES.has(name) ? inPolicy(value, app, origin) : value;
}

/**
 * A source that names the app's own host names the label's as well, and `'self'` names the app's, whose absolute addresses are led back;
 * what stands in a policy otherwise stays. Forms may lead to the app's own host, since Stop does.
 */
export function inPolicy(policy: string, { authority, origin: app }: Label["app"], origin: string): string {
  const host = origin.slice(origin.indexOf("//") + 2);
  const named = policy.replaceAll(/[^\s;,]+/g, (source) => {
    const [, scheme = "", name, path = ""] = /^((?:https?|wss?):\/\/)?([^/]+)(\/.*)?$/i.exec(source) ?? [];
    return name?.toLowerCase() === authority.toLowerCase() ? `${source} ${scheme}${host}${path}` : source;
  });
  const both = named.replaceAll(/[^;,]+/g, (directive) =>
    /^\s*[a-z]+-src(?:-elem|-attr)?\s/i.test(directive) && !directive.includes(app)
      ? directive.replace(/'self'/i, `'self' ${app}`)
      : directive,
  );
  return both.replaceAll(/((?:^|[;,])\s*form-action(?=[\s;,]|$)[^;,]*)/gi, (list) =>
    list.includes(app) ? list : `${list.trimEnd()} ${app}`,
  );
}
