import { stringify } from "yaml";
import { escaped, type SplitPlan, TO_GUISE } from "./plan.ts";

/** A `RouteConfiguration` and its clusters. Envoy refuses or drops names with underscores by `headers_with_underscores_action`. */
export function envoy({ host, guise, app, prefix, cookie, forged }: SplitPlan): string {
  const pattern = `(?:.*;[ \\t]*)?${cookie.replace("(^|;[[:space:]]*)", "")}.*`;
  const gateway = {
    cluster: "guise_gateway",
    timeout: "0s",
    upgrade_configs: [{ upgrade_type: "websocket" }],
  };
  const [name = "127.0.0.1", port = "8000"] = guise.split(/:(?=\d+$)/);
  return stringify({
    route_config: {
      name: "guise_split",
      virtual_hosts: [
        {
          name: "guise_split",
          domains: host === null ? ["*"] : [host, `${host}:*`],
          routes: [
            { match: { safe_regex: { regex: `${escaped(prefix)}(?:/.*)?` } }, route: gateway },
            {
              match: {
                prefix: "/",
                headers: [{ name: "cookie", string_match: { safe_regex: { regex: pattern } } }],
              },
              route: gateway,
            },
            {
              match: { prefix: "/" },
              route: { ...gateway, cluster: "guise_app" },
              request_headers_to_remove: [...forged, ...TO_GUISE].map((it) => it.toLowerCase()),
            },
          ],
        },
      ],
    },
    clusters: [
      cluster("guise_gateway", name, Number(port), false),
      cluster("guise_app", app.host, app.port, app.tls),
    ],
  });
}

function cluster(name: string, address: string, port_value: number, tls: boolean): object {
  return {
    name,
    type: "STRICT_DNS",
    connect_timeout: "5s",
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address, port_value } } } }] }],
    },
    ...(tls
      ? {
          transport_socket: {
            name: "envoy.transport_sockets.tls",
            typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
              sni: address,
            },
          },
        }
      : {}),
  };
}
