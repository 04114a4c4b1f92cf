import { stringify } from "yaml";
import { type SplitPlan, TO_GUISE } from "./plan.ts";

/** A rule removes so many headers at the most. */
const MOST_REMOVED = 16;

/** An HTTPRoute of the Gateway API; Services are called by the names in `--guise` and `upstream`. Needs a gateway that matches headers by pattern. */
export function httproute({ host, guise, app, prefix, cookie, forged }: SplitPlan): string {
  const [gateway = "guise", port = "8000"] = guise.split(/:(?=\d+$)/);
  const to = [{ name: service(gateway), port: Number(port) }];
  const pattern = `.*${cookie.replaceAll("[[:space:]]", "[ \\t]")}.*`;
  const remove = [...new Set([...forged, ...TO_GUISE])].slice(0, MOST_REMOVED);
  return stringify({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "guise-split" },
    spec: {
      parentRefs: [{ name: "gateway" }],
      ...(host === null ? {} : { hostnames: [host] }),
      rules: [
        { matches: [{ path: { type: "PathPrefix", value: prefix } }], backendRefs: to },
        {
          matches: [
            {
              path: { type: "PathPrefix", value: "/" },
              headers: [{ type: "RegularExpression", name: "Cookie", value: pattern }],
            },
          ],
          backendRefs: to,
        },
        {
          matches: [{ path: { type: "PathPrefix", value: "/" } }],
          filters: [{ type: "RequestHeaderModifier", requestHeaderModifier: { remove } }],
          backendRefs: [{ name: service(app.host), port: app.port }],
        },
      ],
    },
  });
}

/** `app.shop.svc.cluster.local` is the Service `app`. */
function service(host: string): string {
  return host.split(".")[0] ?? host;
}
