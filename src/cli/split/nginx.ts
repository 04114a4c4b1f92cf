import { escaped, type SplitPlan, TO_GUISE } from "./plan.ts";

/** For the `http` context. nginx drops names with underscores and dots by itself. */
export function nginx({ host, listen, guise, app, prefix, cookie, forged }: SplitPlan): string {
  const place = app.socket === null ? `${app.host}:${app.port}` : `unix:${app.socket}`;
  const straight = app.tls ? "https" : "http";
  const kept = TO_GUISE.map(
    (name) => [name, `$guise_${name.slice("X-Guise-".length).toLowerCase()}`] as const,
  );
  const maps = kept.map(
    ([name, variable]) => `map $guise_way ${variable} {
  default "";
  guise_gateway $http_${name.toLowerCase().replaceAll("-", "_")};
}`,
  );
  const names = forged.filter((name) => !TO_GUISE.some((it) => it === name));
  const headers = [
    ...names.map((name) => `proxy_set_header ${name} "";`),
    ...kept.map(([name, variable]) => `proxy_set_header ${name} ${variable};`),
  ];
  return `map $http_cookie $guise_cookie {
  default 0;
  "~${cookie}" 1;
}
map $uri $guise_pages {
  default 0;
  "~^${escaped(prefix)}(/|$)" 1;
}
map "$guise_cookie$guise_pages" $guise_way {
  default guise_gateway;
  "00" guise_app;
}
map $guise_way $guise_scheme {
  default http;
  guise_app ${straight};
}
map $http_upgrade $guise_connection {
  default upgrade;
  "" "";
}
${maps.join("\n")}
upstream guise_gateway {
  server ${guise};
  keepalive 32;
}
upstream guise_app {
  server ${place};
  keepalive 32;
}
server {
  listen ${listen};
  server_name ${host ?? "_"};
  client_max_body_size 0;

  location / {
    proxy_pass $guise_scheme://$guise_way;
    proxy_http_version 1.1;
${app.tls ? `    proxy_ssl_server_name on;\n    proxy_ssl_name ${app.host};\n` : ""}    proxy_set_header Host $http_host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $guise_connection;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host;
${headers.map((it) => `    ${it}\n`).join("")}    proxy_buffering off;
    proxy_request_buffering off;
    proxy_read_timeout 15m;
  }
}
`;
}
