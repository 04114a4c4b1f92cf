import { signer } from "../audit/shipping/webhook-delivery.ts";
import type { SecretReader } from "../clients/secret.ts";
import { Fault } from "../errors.ts";
import { type AppPart, audienceOf } from "./apps.ts";
import { headerRulesOf } from "./header-rules.ts";
import type { Config } from "./schema.ts";
import type { HelpOutlet, Settings } from "./snapshot.ts";

/** What identity sources read: lower-case names of headers, and names of cookies. */
export interface EvidenceNames {
  readonly identityHeaders: readonly string[];
  readonly identityCookies: readonly string[];
}

/** The plain values of a checked config as one of its apps has them. Throws a Fault for a missing file. */
export function settingsOf(
  config: Config,
  app: AppPart,
  evidence: EvidenceNames,
  secret: SecretReader,
): Omit<Settings, "signIn"> {
  const { trustedProxies, cookie, goingOver, timeouts, limits, thresholds, administrators, prefix } = config;
  const { audit, api } = config;
  const { url, segments, segment } = limits;
  const kinds = config.identity.map((entry) => entry.kind);
  // With `whoami` the app identifies its users itself, and with `oidc` agents may have no account in it: neither needs a token for own traffic.
  const appKnows = kinds.every((kind) => kind === "whoami" || kind === "oidc");
  const when = config.headers.when ?? (appKnows ? "impersonating" : "always");
  const headers = { ...config.headers, when };
  const { url: origin, ca, ...reached } = app.upstream;
  const upstream = { ...reached, origin, ca: ca === null ? null : secret(ca) };
  return {
    ...{ trustedProxies, cookie, goingOver, timeouts, limits, thresholds, administrators, prefix },
    ...evidence,
    app: app.name,
    named: app.hosts !== null,
    upstream,
    connectionKey: connectionKey(app.name, upstream, config),
    publicUrl: app.publicUrl,
    headers,
    headerRules: headerRulesOf({ headers, trustedProxies }),
    urlLimits: { url, segments, segment, encodedSlash: upstream.encodedSlash },
    token: { ...config.token, audience: audienceOf(app) },
    access: { ...config.access, page: hasAccessPage(config) },
    mail: mailOf(config, secret),
    help: helpOf(config, secret),
    helpdesk: helpdeskOf(config, secret),
    api: { ...api, tokens: api.tokens.map(({ agents = null, ...token }) => ({ ...token, agents })) },
    isolation: config.isolation?.host ?? null,
    console: config.console === null ? null : consoleOf(config.console, config.publicUrl),
    page: app.page,
    audit: { stream: audit.stream, mode: audit.mode, capture: audit.capture, readers: audit.readers },
  };
}

function connectionKey(
  app: string | null,
  upstream: Settings["upstream"],
  { timeouts, limits }: Config,
): string {
  const { streams, streamsPerClient, answerHeaders, uploadRate } = limits;
  return JSON.stringify([app, upstream, timeouts, streams, streamsPerClient, answerHeaders, uploadRate]);
}

function mailOf({ mail }: Config, secret: SecretReader): Settings["mail"] {
  if (mail === null) return null;
  const { smtp, from, replyTo, keep } = mail;
  const url = secret(smtp.url);
  if (!/^smtps?:\/\//.test(url))
    throw new Fault(
      "config-invalid",
      "mail.smtp.url: the secret is no address like smtps://mail.example.com",
    );
  return { url, from, replyTo, keep };
}

/** Throws a Fault `config-invalid` for an address that is none. */
function helpOf({ help }: Config, secret: SecretReader): Settings["help"] {
  if (help === null) return null;
  const { mail, webhooks, redis, ...settings } = help;
  const outlets: HelpOutlet[] = mail === undefined ? [] : [{ kind: "mail", name: "mail", to: mail.to }];
  for (const [i, it] of webhooks.entries()) {
    const [name, url] = [`webhooks[${i}]`, secret(it.url)];
    if (!/^https?:/.test(url) || !URL.canParse(url))
      throw new Fault("config-invalid", `help.${name}.url: a secret that should be an address is none`);
    const headers = Object.entries(it.headers).map(([header, value]) => [
      header.toLowerCase(),
      secret(value),
    ]);
    const key = it.secret === undefined ? null : secret(it.secret);
    if (key !== null) signer(key, `help.${name}`);
    const { body = null, timeout } = it;
    outlets.push({
      kind: "webhook",
      name,
      url,
      secret: key,
      headers: Object.fromEntries(headers),
      body,
      timeout,
    });
  }
  if (redis !== undefined)
    outlets.push({ kind: "redis", name: "redis", url: secret(redis.url), stream: redis.stream });
  return { ...settings, outlets };
}

function helpdeskOf({ helpdesk }: Config, secret: SecretReader): Settings["helpdesk"] {
  const { helpscout, embed } = helpdesk;
  return {
    helpscout: helpscout === undefined ? null : { secret: secret(helpscout.secret) },
    embed: embed ?? null,
  };
}

/** Customers have their page if they are asked or told anything, unless the file says otherwise. */
function hasAccessPage({ access, agents }: Config): boolean {
  const asks = agents.some(({ consent }) => consent.mode !== "none" || consent.breakGlass !== null);
  return access.page === undefined ? asks : access.page === "on";
}

function consoleOf(
  { origin, app, session, cacheFor, beside }: NonNullable<Config["console"]>,
  publicUrl: string | null,
): NonNullable<Settings["console"]> {
  const { origin: own, hostname: host } = new URL(origin);
  return { origin: own, host, app: app ?? publicUrl, session, cacheFor, beside };
}

/** Where identity sources read from: `header: cf-access-jwt-assertion`, `bearer: true`, `cookies: [app_session]`. */
export function evidenceNamesOf(identity: unknown): EvidenceNames {
  const entries: readonly unknown[] = Array.isArray(identity) ? identity : [];
  const options = entries.flatMap((entry) => fieldsOf(entry).map(([, options]) => options));
  const signed = entries.some((entry) => fieldsOf(entry).some(([kind]) => kind === "machine"));
  const machines = signed ? ["authorization", "signature", "signature-input"] : [];
  return {
    identityHeaders: [
      ...new Set(machines.concat(options.flatMap(namesIn).map((name) => name.toLowerCase()))),
    ],
    identityCookies: [...new Set(options.flatMap(cookiesIn))],
  };
}

function cookiesIn(options: unknown): readonly string[] {
  const named = fieldsOf(options).flatMap(([key, value]) =>
    key === "cookie" || key === "cookies" ? [value].flat() : [],
  );
  return named.filter((name) => typeof name === "string");
}

function namesIn(options: unknown): readonly string[] {
  return fieldsOf(options).flatMap(([key, value]) => {
    if (key === "bearer" && value === true) return ["authorization"];
    return ["header", "name", "email", "groups"].includes(key) && typeof value === "string" ? [value] : [];
  });
}

function fieldsOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}
