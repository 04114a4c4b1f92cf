import { readFileSync } from "node:fs";
import formbody from "@fastify/formbody";
import type { FastifyInstance } from "fastify";
import type { CheckpointKey } from "../audit/journal/checkpoint.ts";
import type { Archive } from "../audit/search/archive.ts";
import { Fault } from "../errors.ts";
import { recordRefusedBeforeDecision } from "../gateway/audit/refused-before-decision.ts";
import { agentMark } from "../gateway/own-pages/agent-mark.ts";
import { ONLY_HERE, openerPolicy } from "../gateway/own-pages/answers.ts";
import { askerOf } from "../gateway/own-pages/asker.ts";
import { guarded } from "../gateway/own-pages/guard.ts";
import type { Received } from "../gateway/request.ts";
import type { Services } from "../gateway/services/services.ts";
import { cardPage } from "./access/card.ts";
import { accessPages } from "./access/pages.ts";
import { activityPages } from "./activity/pages.ts";
import { apiPages } from "./api/api.ts";
import { confirmPage } from "./confirm.ts";
import { approvePages } from "./consent/approving.ts";
import { askedPage } from "./consent/asking.ts";
import { elevatePages } from "./elevate.ts";
import { askForHelpPage } from "./help/asking.ts";
import { embedPage } from "./help/embed.ts";
import { helpScoutHook } from "./help/help-scout.ts";
import { ticketPage } from "./help/ticket.ts";
import { html } from "./html.ts";
import { lostPage } from "./lost.ts";
import { mePage } from "./me.ts";
import { leadToSignIn, signInPages } from "./oidc.ts";
import { orderedPage } from "./ordered.ts";
import { overPage } from "./over.ts";
import { peoplePage } from "./people.ts";
import { providerPages } from "./provider.ts";
import { homeOf } from "./roles.ts";
import { runningPages } from "./running/pages.ts";
import { goPage } from "./start/go.ts";
import { openPage } from "./start/open.ts";
import { startPages } from "./start/start.ts";
import { stopPages } from "./stop.ts";
import { parameter, seeOther, visitor } from "./visitor.ts";

/** One file that our pages load, with its media type. */
interface Asset {
  readonly name: string;
  readonly type: string;
  readonly body: Buffer;
}

interface ConsoleParts {
  readonly jwks: () => object;
  /** Files of the banner, beside the console's own. */
  readonly assets: readonly Asset[];
  readonly archive: Archive;
  /** What receipts are signed with. */
  readonly receiptKey: () => CheckpointKey;
}

const OPENER = "cross-origin-opener-policy";

/** Everything below the reserved prefix. Unknown addresses are 404; nothing is ever forwarded to the app. */
export function consolePlugin(services: Services, parts: ConsoleParts) {
  return async function guiseConsole(fastify: FastifyInstance): Promise<void> {
    fastify.addHook("onRequest", async function guard(request, reply) {
      const refused = guarded(request.received);
      if (refused === null) return;
      recordRefusedBeforeDecision(services, request.raw, {
        fault: new Fault("forbidden", "an address of the gateway's own was asked for by a script"),
        id: request.received.id,
        address: request.received.url.target,
      });
      for (const [name, value] of refused.headers) reply.header(name, value);
      return await reply.code(refused.status).send(refused.body);
    });
    fastify.addHook("onSend", async function onlyHere(request, reply) {
      for (const [name, value] of ONLY_HERE) if (!reply.hasHeader(name)) reply.header(name, value);
      const { raw, snapshot } = request.received;
      if (!reply.hasHeader(OPENER)) reply.header(OPENER, openerPolicy(raw.headers));
      // What stands between is taken away with the app's other storage, as at a start: the next try reaches us.
      if (snapshot.settings.page.clearSiteData && askerOf(raw.headers) === "service-worker")
        reply.header("clear-site-data", '"storage"');
    });
    await fastify.register(formbody, { bodyLimit: 64 * 1024 });
    files(fastify, parts.assets);
    fastify.get("/jwks.json", (_request, reply) =>
      reply.header("cache-control", "public, max-age=300").send(parts.jwks()),
    );
    fastify.addHook("preHandler", async function signedIn(_request, reply) {
      const to = await leadToSignIn(services, reply);
      if (to !== null) return await seeOther(reply, to);
      return undefined;
    });
    openSearch(fastify);
    signInPages(fastify, services);
    await providerPages(fastify, services);
    startPages(fastify, services, parts.archive);
    openPage(fastify, services);
    peoplePage(fastify, services);
    askedPage(fastify, services);
    approvePages(fastify, services);
    askForHelpPage(fastify, services);
    ticketPage(fastify, services);
    goPage(fastify, services);
    helpScoutHook(fastify);
    embedPage(fastify);
    accessPages(fastify, services, parts);
    cardPage(fastify, services);
    apiPages(fastify, services);
    stopPages(fastify, services);
    elevatePages(fastify, services);
    confirmPage(fastify, services);
    mePage(fastify, services);
    lostPage(fastify, services);
    overPage(fastify, services);
    orderedPage(fastify, services);
    runningPages(fastify, services, parts.archive);
    activityPages(fastify, services, parts.archive);
    fastify.all("/*", () => nothing());
    homePage(fastify, services);
  };
}

/** `GET /.guise/`: to the first page of ours that somebody may open; with `q`, to what is found by it. */
function homePage(fastify: FastifyInstance, services: Services): void {
  fastify.all("/", async (request, reply) => {
    if (request.method !== "GET") return nothing();
    const { received, trueUser } = await visitor(services, reply);
    const { snapshot, url } = received;
    for (const line of agentMark(services, received, trueUser)) reply.header("set-cookie", line);
    const to =
      parameter(request, "q") === null ? homeOf(snapshot, trueUser) : `${snapshot.settings.prefix}/start`;
    return await seeOther(reply, url.query === null ? to : `${to}?${url.query}`);
  });
}

/** By which browsers search people from the address bar. */
function openSearch(fastify: FastifyInstance): void {
  fastify.get("/opensearch.xml", async ({ received }, reply) => {
    const { prefix } = received.snapshot.settings;
    const template = html`${received.site.origin}${prefix}/?q={searchTerms}`.text;
    return await reply
      .header("content-type", "application/opensearchdescription+xml")
      .send(
        `<?xml version="1.0" encoding="UTF-8"?>\n<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/"><ShortName>View as</ShortName><Description>View the app as somebody</Description><Url type="text/html" template="${template}"/></OpenSearchDescription>\n`,
      );
  });
}

/** What pages of ours load. */
function files(fastify: FastifyInstance, assets: readonly Asset[]): void {
  const style = {
    name: "console.css",
    type: "text/css; charset=utf-8",
    body: readFileSync(new URL("./console.css", import.meta.url)),
  };
  const sources = {
    "search.js": "./search.js",
    "running.js": "./running/running.js",
    "embed.js": "./help/embed-script.js",
  };
  const scripts = Object.entries(sources).map(([name, file]) => ({
    name,
    type: "text/javascript; charset=utf-8",
    body: readFileSync(new URL(file, import.meta.url)),
  }));
  for (const asset of [style, ...scripts, ...assets]) {
    fastify.get(`/${asset.name}`, ({ query, received }, reply) => {
      reply
        .header("content-type", asset.type)
        .header("cache-control", "no-cache")
        // A sandboxed page of the app has no origin, and loads them all the same. There is nothing secret in them.
        .header("cross-origin-resource-policy", "cross-origin")
        .header("access-control-allow-origin", "*");
      if (forgets(query, received)) reply.header("clear-site-data", '"cache"');
      return reply.send(asset.body);
    });
  }
}

function nothing(): never {
  throw new Fault("not-found", "no such page below the reserved prefix");
}

/**
 * A page that starts, switches or ends an impersonation clears the browser's caches while the page before it is still shown, so the Back
 * button would bring that one back. What the new page loads comes later and clears them once more. No other site can ask for it.
 */
function forgets(query: unknown, { navigation, snapshot }: Received): boolean {
  const asked = typeof query === "object" && query !== null && "changed" in query;
  return asked && navigation.site === "same-origin" && snapshot.settings.page.clearSiteData;
}
