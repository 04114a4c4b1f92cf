import { example } from "./example.ts";
import type { Plan, RequestPlan } from "./plan.ts";
import { type Field, valuesOf } from "./reader.ts";

const HOST = "app.example";
const AGENT: readonly Field[] = [
  ["X-User", "alice"],
  ["X-Groups", "support"],
];

/** A click on a link of another site to a customer's page: it starts the impersonation. */
export const CLICK: Plan = example({
  request: {
    target: "/site/1/overview",
    fields: [
      ["Host", HOST],
      ...AGENT,
      ["Accept", "text/html"],
      ["Sec-Fetch-Dest", "document"],
      ["Sec-Fetch-Mode", "navigate"],
      ["Sec-Fetch-User", "?1"],
      ["Sec-Fetch-Site", "cross-site"],
    ],
  },
  answer: { fields: [["Content-Type", "text/html"]] },
});

/** The cookie of the impersonation that an answer starts. */
export function startedBy(fields: readonly Field[]): string {
  const pair = valuesOf(fields, "set-cookie")
    .find((it) => /^guise=[\w-]{43};/.test(it))
    ?.split(";", 1)[0];
  if (pair === undefined) throw new Error(`no impersonation was started: ${JSON.stringify(fields)}`);
  return pair;
}

/** Names of what the agent's browser says by itself, of a request that a page of the app makes. */
const BY_BROWSERS = /^(?:host|x-user|x-groups|sec-fetch-.*|origin|referer)$/i;

/** The same requests as the scripts of a page make them that an agent has opened as the customer. */
export function asAgent(plan: Plan, cookie: string): Plan {
  const exchanges = plan.exchanges.map(({ request, answer }, nth) => {
    const asked = ofScript(request, cookie);
    // One that is refused would end the connection for those behind it.
    return { request: plan.pipelined ? { ...asked, target: `/${nth}/a` } : asked, answer };
  });
  // Browsers end both sides at once.
  return { ...plan, halfCloses: false, exchanges };
}

/** Whether such a body is looked into before it goes on: it could name another method. */
export function isLookedInto({ method, fields }: RequestPlan): boolean {
  const type = valuesOf(fields, "content-type").at(0) ?? "";
  const isForm = /^(?:multipart\/|application\/(?:x-www-form-urlencoded|json))/i.test(type);
  return method === "POST" || isForm || valuesOf(fields, "x-http-method-override").length > 0;
}

function ofScript(request: RequestPlan, cookie: string): RequestPlan {
  const { target, writes } = request;
  const waits = writes.pause === "turns" && isLookedInto(request);
  return {
    ...request,
    writes: waits ? { ...writes, pause: "immediate" } : writes,
    target: target.replace(/^http:\/\/[^/?#]+/, `http://${HOST}`),
    fields: [
      ["Host", HOST],
      ...AGENT,
      ["Sec-Fetch-Dest", "empty"],
      ["Sec-Fetch-Mode", "cors"],
      ["Sec-Fetch-Site", "same-origin"],
      ["Origin", `http://${HOST}`],
      // Two of the gateway's own cookies would be somebody's trick.
      ...request.fields.filter(([name, value]) => !BY_BROWSERS.test(name) && !/guise[=-]/.test(value)),
      ["Cookie", cookie],
    ],
  };
}
