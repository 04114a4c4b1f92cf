import { Fault } from "../../errors.ts";
import { escaped, type SplitPlan, TO_GUISE } from "./plan.ts";

/** With mod_proxy_http, mod_headers and mod_setenvif; 2.4.47 or newer for WebSockets. */
export function apache({ host, listen, guise, app, prefix, cookie, forged }: SplitPlan): string {
  if (app.tls || app.socket !== null)
    throw new Fault(
      "config-invalid",
      "Apache changes the way of a request among plain http servers alone; use another proxy, or give the app such a port",
    );
  const there = `${app.host}:${app.port}`;
  const gone = [...forged, ...TO_GUISE].flatMap(spellings);
  return `<VirtualHost *:${listen}>
${host === null ? "" : `  ServerName ${host}\n`}  ProxyPreserveHost On
  ProxyRequests Off
  AllowEncodedSlashes NoDecode
  SetEnvIf Request_Method . GUISE_WAY=${there}
  SetEnvIf Cookie "${cookie}" GUISE=1 GUISE_WAY=${guise}
  SetEnvIf Request_URI "^${escaped(prefix)}(/|$)" GUISE=1 GUISE_WAY=${guise}
  RequestHeader set X-Forwarded-Proto "expr=%{REQUEST_SCHEME}"
${gone.map((name) => `  RequestHeader unset "${name}" env=!GUISE\n`).join("")}
  # As it was sent: neither decoded nor encoded again on the way. The variable is of the request; a start that warns of it is right.
  ProxyPassInterpolateEnv On
  ProxyPass "/" "http://\${GUISE_WAY}/" interpolate nocanon
  <Proxy "http://${guise}">
    ProxySet keepalive=On upgrade=ANY
  </Proxy>
  <Proxy "http://${there}">
    ProxySet keepalive=On upgrade=ANY
  </Proxy>
</VirtualHost>
`;
}

/** Apache knows no patterns of names: each way to write one that some server folds to it, with \`-\`, \`_\` and \`.\`. */
function spellings(name: string): readonly string[] {
  return name
    .split("-")
    .reduce<readonly string[]>(
      (begun, part) =>
        begun.length === 0
          ? [part]
          : begun.flatMap((it) => ["-", "_", "."].map((sign) => `${it}${sign}${part}`)),
      [],
    );
}
