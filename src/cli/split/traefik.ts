import { stringify } from "yaml";
import { type SplitPlan, TO_GUISE } from "./plan.ts";

/** A dynamic configuration of Traefik 3, for its file provider. */
export function traefik({ host, guise, app, prefix, cookie, forged }: SplitPlan): string {
  const where = host === null ? "" : `Host(\`${host}\`) && `;
  const pages = `Path(\`${prefix}\`) || PathPrefix(\`${prefix}/\`)`;
  const names = [...forged, ...TO_GUISE];
  return stringify({
    http: {
      routers: {
        "guise-gateway": {
          rule: `${where}(${pages} || HeaderRegexp(\`Cookie\`, \`${cookie}\`))`,
          priority: 1_000,
          service: "guise-gateway",
        },
        "guise-app": {
          rule: host === null ? "PathPrefix(`/`)" : `Host(\`${host}\`)`,
          priority: 1,
          middlewares: ["guise-forged"],
          service: "guise-app",
        },
      },
      middlewares: {
        // An empty value takes the header off.
        "guise-forged": {
          headers: {
            customRequestHeaders: Object.fromEntries(names.flatMap(both).map((name) => [name, ""])),
          },
        },
      },
      services: {
        "guise-gateway": { loadBalancer: { passHostHeader: true, servers: [{ url: `http://${guise}` }] } },
        "guise-app": {
          loadBalancer: {
            passHostHeader: true,
            servers: [{ url: `${app.tls ? "https" : "http"}://${app.host}:${app.port}` }],
          },
        },
      },
    },
  });
}

function both(name: string): readonly string[] {
  return name.includes("-") ? [name, name.replaceAll("-", "_")] : [name];
}
