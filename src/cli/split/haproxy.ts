import type { SplitPlan } from "./plan.ts";

/** HAProxy 2.6 or newer. Header names are lower case inside. */
export function haproxy({ host, listen, guise, app, prefix, cookie, forged }: SplitPlan): string {
  const place = app.socket === null ? `${app.host}:${app.port}` : `unix@${app.socket}`;
  const tls = app.tls ? " ssl verify required ca-file @system-ca" : "";
  const others = forged.filter((name) => !/^x-guise/i.test(name)).map((name) => name.toLowerCase());
  const named =
    host === null
      ? ""
      : `  acl guise_host hdr(host),host_only -i ${host}\n  http-request deny deny_status 421 unless guise_host\n`;
  return `frontend guise_split
  mode http
  bind :${listen}
${named}  option forwardfor
  http-request set-header X-Forwarded-Proto http unless { ssl_fc }
  http-request set-header X-Forwarded-Proto https if { ssl_fc }
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  acl guise_pages path_beg ${prefix}/
  acl guise_pages path ${prefix}
  acl guise_cookie req.fhdr(cookie) -m reg ${cookie}
  use_backend guise_gateway if guise_pages or guise_cookie
  default_backend guise_app

backend guise_gateway
  mode http
  timeout tunnel 1h
  server guise ${guise}

backend guise_app
  mode http
  timeout tunnel 1h
  http-request del-header ^x[^a-z0-9]*guise -m reg
${others.map((name) => `  http-request del-header ${name}\n`).join("")}  server app ${place}${tls}
`;
}
