/*
 * What Envoy and Traefik know of the keys that our blocks use: of every message its fields, and nothing else. Envoy's
 * own protos come in no package that is small, and Traefik has no schema of its file provider; so this is written by hand from `envoy/config/route/v3`, `envoy/config/cluster/v3` and
 * `envoy/extensions/transport_sockets/tls/v3`, and from Traefik 3's file provider.
 */

export type Shape =
  | "text"
  | "count"
  | "yes-or-no"
  | "duration"
  | RegExp
  /** A list, or a map whose keys are anybody's. */
  | { readonly each: Shape }
  | {
      readonly fields: Readonly<Record<string, Shape>>;
      /** Has to be there, and of `oneOf` exactly one. */
      readonly needs?: readonly string[];
      readonly oneOf?: readonly string[];
    };

const TEXTS: Shape = { each: "text" };
const REGEX: Shape = { fields: { regex: "text" }, needs: ["regex"] };

const ROUTE: Shape = {
  fields: {
    match: {
      fields: {
        prefix: "text",
        path: "text",
        safe_regex: REGEX,
        headers: {
          each: {
            fields: {
              name: "text",
              string_match: { fields: { exact: "text", safe_regex: REGEX }, oneOf: ["exact", "safe_regex"] },
            },
            needs: ["name", "string_match"],
          },
        },
      },
      oneOf: ["prefix", "path", "safe_regex"],
    },
    route: {
      fields: {
        cluster: "text",
        timeout: "duration",
        upgrade_configs: {
          each: { fields: { upgrade_type: "text", enabled: "yes-or-no" }, needs: ["upgrade_type"] },
        },
      },
      needs: ["cluster"],
    },
    request_headers_to_remove: TEXTS,
  },
  needs: ["match", "route"],
};

const CLUSTER: Shape = {
  fields: {
    name: "text",
    type: /^(?:STATIC|STRICT_DNS|LOGICAL_DNS)$/,
    connect_timeout: "duration",
    load_assignment: {
      fields: {
        cluster_name: "text",
        endpoints: {
          each: {
            fields: {
              lb_endpoints: {
                each: {
                  fields: {
                    endpoint: {
                      fields: {
                        address: {
                          fields: {
                            socket_address: {
                              fields: { address: "text", port_value: "count" },
                              needs: ["address", "port_value"],
                            },
                          },
                          needs: ["socket_address"],
                        },
                      },
                      needs: ["address"],
                    },
                  },
                  needs: ["endpoint"],
                },
              },
            },
            needs: ["lb_endpoints"],
          },
        },
      },
      needs: ["cluster_name", "endpoints"],
    },
    transport_socket: {
      fields: {
        name: /^envoy\.transport_sockets\.tls$/,
        typed_config: {
          fields: {
            "@type":
              /^type\.googleapis\.com\/envoy\.extensions\.transport_sockets\.tls\.v3\.UpstreamTlsContext$/,
            sni: "text",
          },
          needs: ["@type"],
        },
      },
      needs: ["name", "typed_config"],
    },
  },
  needs: ["name", "type", "load_assignment"],
};

export const ENVOY: Shape = {
  fields: {
    route_config: {
      fields: {
        name: "text",
        virtual_hosts: {
          each: {
            fields: { name: "text", domains: TEXTS, routes: { each: ROUTE } },
            needs: ["name", "domains", "routes"],
          },
        },
      },
      needs: ["virtual_hosts"],
    },
    clusters: { each: CLUSTER },
  },
  needs: ["route_config", "clusters"],
};

export const TRAEFIK: Shape = {
  fields: {
    http: {
      fields: {
        routers: {
          each: {
            fields: {
              rule: "text",
              priority: "count",
              service: "text",
              middlewares: TEXTS,
              entryPoints: TEXTS,
            },
            needs: ["rule", "service"],
          },
        },
        middlewares: {
          each: { fields: { headers: { fields: { customRequestHeaders: TEXTS } } }, oneOf: ["headers"] },
        },
        services: {
          each: {
            fields: {
              loadBalancer: {
                fields: {
                  passHostHeader: "yes-or-no",
                  servers: { each: { fields: { url: /^https?:\/\/[^/]+$/ }, needs: ["url"] } },
                },
                needs: ["servers"],
              },
            },
            oneOf: ["loadBalancer"],
          },
        },
      },
      needs: ["routers", "services"],
    },
  },
  needs: ["http"],
};

/** What of a value isn't of its shape, each with where it stands. */
export function notOf(shape: Shape, value: unknown, at = ""): readonly string[] {
  const wrong = [`${at} is not of its kind: ${JSON.stringify(value)}`];
  if (shape instanceof RegExp) return typeof value === "string" && shape.test(value) ? [] : wrong;
  if (shape === "text") return typeof value === "string" ? [] : wrong;
  if (shape === "count") return Number.isInteger(value) && Number(value) >= 0 ? [] : wrong;
  if (shape === "yes-or-no") return typeof value === "boolean" ? [] : wrong;
  if (shape === "duration") return /^\d+(?:\.\d+)?s$/.test(String(value)) ? [] : wrong;
  if (typeof value !== "object" || value === null) return wrong;
  if ("each" in shape)
    return Object.entries(value).flatMap(([key, it]) => notOf(shape.each, it, `${at}.${key}`));
  const { fields, needs = [], oneOf } = shape;
  const chosen = oneOf?.filter((name) => name in value) ?? [];
  return [
    ...Object.entries(value).flatMap(([key, it]) => {
      const field = fields[key];
      return field === undefined ? [`${at}.${key} is no field`] : notOf(field, it, `${at}.${key}`);
    }),
    ...needs.filter((name) => !(name in value)).map((name) => `${at}.${name} is missing`),
    ...(oneOf === undefined || chosen.length === 1
      ? []
      : [`${at} has ${chosen.length} of ${oneOf.join(", ")}`]),
  ];
}
