import type { SplitPlan } from "./plan.ts";

/** A site block. Caddy sets `X-Forwarded-*` itself. */
export function caddy({ host, listen, guise, app, prefix, cookie, forged }: SplitPlan): string {
  const place =
    app.socket === null ? `${app.tls ? "https" : "http"}://${app.host}:${app.port}` : `unix/${app.socket}`;
  const others = forged.filter((name) => !/^x-guise/i.test(name));
  const gone = ["X-Guise*", "X_Guise*", "X.Guise*", ...others].map((name) => `      header_up -${name}\n`);
  return `${host === null ? "http://" : listen === 443 ? host : `http://${host}`}${listen === 443 ? "" : `:${listen}`} {
  @guisePages path ${prefix} ${prefix}/*
  @guiseCookie header_regexp Cookie \`${cookie}\`
  route {
    reverse_proxy @guisePages ${guise}
    reverse_proxy @guiseCookie ${guise}
    reverse_proxy ${place} {
${gone.join("")}    }
  }
}
`;
}
