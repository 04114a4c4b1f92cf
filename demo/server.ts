import type { AddressInfo } from "node:net";
import cookies from "@fastify/cookie";
import forms from "@fastify/formbody";
import { type FastifyInstance, fastify } from "fastify";
import { apiRoutes } from "./api.ts";
import { assetRoutes } from "./assets.ts";
import { downloads } from "./download.ts";
import { internalRoutes, meRoute } from "./internal.ts";
import { liveSocket } from "./live.ts";
import { field } from "./members.ts";
import { accountPages } from "./pages/account.ts";
import { activityPages } from "./pages/activity.ts";
import { filePages } from "./pages/files.ts";
import { homePages } from "./pages/home.ts";
import { livePages } from "./pages/live.ts";
import { loginPages } from "./pages/login.ts";
import { paymentPages } from "./pages/payments.ts";
import { reportPages } from "./pages/reports.ts";
import { sitePages } from "./pages/sites.ts";
import { statusPages } from "./pages/status-pages.ts";
import { supportPages } from "./pages/support.ts";
import { teamPages } from "./pages/team.ts";
import { missing, type RefusalStatus, refusedPage } from "./refusals.ts";
import { createData } from "./seed.ts";
import { createSessions } from "./sessions.ts";
import { streams } from "./stream.ts";
import { createVerifyToken } from "./token.ts";
import { isMultipart, UPLOAD_PATH, uploads } from "./upload.ts";
import { type Deps, recogniseVisitors, tokenMatches } from "./visit.ts";

export interface DemoOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host?: "127.0.0.1";
  /** Where the gateway's public keys are; null or absent: tokens are not looked at. */
  readonly guiseJwks?: string | null;
}

export interface Demo {
  readonly url: string;
  readonly port: number;
  /** Ends every connection, also those that wait for something. */
  readonly close: () => Promise<void>;
}

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const SHOWN: readonly number[] = [400, 401, 403, 413, 503] satisfies readonly RefusalStatus[];

function statusOf(error: unknown): RefusalStatus {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : 500;
  if (typeof status !== "number" || status === 500) return 500;
  const known = SHOWN.find((candidate) => candidate === status);
  return (known as RefusalStatus | undefined) ?? (status < 500 ? 400 : 500);
}

/** Forms and scripts that change something have to carry the token; an upload form is checked when it has been read. */
function checkForms(app: FastifyInstance): void {
  app.addHook("preHandler", async function checkForm(request, reply) {
    if (request.is404 || request.method === "GET" || request.method === "HEAD") return;
    if (request.routeOptions.url === UPLOAD_PATH && isMultipart(request)) return;
    const header = request.headers["x-csrf-token"];
    const submitted = typeof header === "string" ? header : field(request, "_token");
    if (!tokenMatches(request, submitted)) return refusedPage(request, reply, 403);
  });
}

function website(deps: Deps) {
  return async function site(app: FastifyInstance): Promise<void> {
    recogniseVisitors(app, deps);
    checkForms(app);
    app.addHook("onSend", async function guardPages(_request, reply) {
      const type = String(reply.getHeader("content-type") ?? "");
      if (type.startsWith("text/html")) reply.header("content-security-policy", POLICY);
      reply.header("x-content-type-options", "nosniff");
    });
    app.setNotFoundHandler(async (request, reply) => missing(request, reply));
    for (const pages of [homePages, loginPages, sitePages, statusPages, teamPages]) pages(app, deps);
    for (const pages of [accountPages, paymentPages, reportPages, livePages]) pages(app, deps);
    for (const pages of [filePages, activityPages, supportPages]) pages(app, deps);
    apiRoutes(app, deps);
    downloads(app);
    await app.register(async (scope) => uploads(scope, deps));
    streams(app, deps);
  };
}

/** Starts the demo app with fresh data of its own. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const jwks = options.guiseJwks ?? null;
  const deps: Deps = {
    data: createData(Date.now()),
    sessions: createSessions(),
    verifyToken: jwks === null ? null : createVerifyToken(jwks),
  };
  const app = fastify({
    logger: { level: "error" },
    trustProxy: "loopback",
    forceCloseConnections: true,
    frameworkErrors: (_error, request, reply) => void refusedPage(request, reply, 400),
  });
  app.setErrorHandler(async function failed(error, request, reply) {
    const status = statusOf(error);
    if (status >= 500) request.log.error({ err: error }, "A request failed");
    return refusedPage(request, reply, status);
  });
  await app.register(cookies);
  await app.register(forms);
  await app.register(assetRoutes);
  await app.register(async (scope) => meRoute(scope, deps));
  await app.register(async (scope) => internalRoutes(scope, deps));
  await app.register(website(deps));
  liveSocket(app, deps);
  await app.listen({ port: options.port, host: options.host ?? "127.0.0.1" });
  const { port } = app.server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, close: async () => app.close() };
}
