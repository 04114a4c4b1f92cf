import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { amendPolicies, amendPolicyHeaders } from "../../src/domain/page/csp.ts";
import { type BannerView, banner, notice } from "../../src/page/banner.ts";
import { clientAssets, cspNeeds } from "../../src/page/client.ts";
import { rewriter } from "../../src/page/rewriter.ts";
import { EN } from "../../src/page/words/en.ts";

type NoticeView = Parameters<typeof notice>[0];

/** A page of the site: its HTML as the app would send it, and what the banner in it says. */
export interface SitePage {
  readonly html: string;
  readonly csp?: string;
  readonly type?: string;
  readonly view?: Partial<BannerView>;
  readonly notice?: boolean;
}

export interface Site {
  readonly url: string;
  /** Requests that were no page, as `METHOD path body`, oldest first. */
  readonly asked: readonly string[];
  page(path: string, page: SitePage): void;
  /** What `me` answers from now on. */
  me(impersonation: object | null): void;
  /** Resolves with the next request for which `wanted` is true. */
  next(wanted: (line: string) => boolean): Promise<string>;
  close(): Promise<void>;
}

export function viewOf(authority: string, partial: Partial<BannerView> = {}): BannerView {
  const now = Date.now();
  return {
    agreement: null,
    trace: null,
    words: EN,
    brand: { name: "Guise", colour: null },
    authority,
    prefix: "/.guise",
    position: "top",
    syntax: "html",
    changed: false,
    trueUser: { label: "Alice Support", id: "alice" },
    effectiveUser: { label: "Nuno Almeida", id: "17", email: "nuno@example.com" },
    impersonation: "imp-1",
    mode: "read",
    reason: "Can not publish the status page",
    ticket: "T-1042",
    endsAt: now + 28 * 60_000,
    until: now + 3_600_000,
    idleFor: 28 * 60_000,
    now,
    app: null,
    beside: false,
    canElevate: true,
    writeUntil: null,
    here: "/page?a=b&c=d",
    disable: [],
    logout: [],
    cookies: [],
    ...partial,
  };
}

/** A small site behind the page room alone: pages get their banner, `/.guise/` answers, everything asked is kept. */
export async function site(): Promise<Site> {
  const pages = new Map<string, SitePage>();
  const asked: string[] = [];
  let waiting: { wanted: (line: string) => boolean; done: (line: string) => void }[] = [];
  let me: object | null = {
    id: "imp-1",
    mode: "read",
    endsAt: new Date(Date.now() + 3_600_000).toISOString(),
  };
  const server = createServer(async (request, response) => {
    const path = request.url ?? "/";
    const { host = "" } = request.headers;
    const asset = clientAssets().get(path.replace("/.guise/", ""));
    if (asset !== undefined) {
      response.writeHead(200, { "content-type": asset.type, etag: asset.etag }).end(asset.body);
      return;
    }
    const page = pages.get(path);
    if (page !== undefined && request.method === "GET") {
      send(page, host, response);
      return;
    }
    const line = `${request.method} ${path} ${await bodyOf(request)}`.trim();
    asked.push(line);
    for (const each of waiting.filter(({ wanted }) => wanted(line))) each.done(line);
    waiting = waiting.filter(({ wanted }) => !wanted(line));
    if (path === "/.guise/me") {
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ impersonation: me }));
    } else if (request.method === "POST" && path === "/.guise/stop") {
      response.writeHead(303, { location: "/stopped" }).end();
    } else if (path.startsWith("/ask")) {
      const confirm = "/.guise/confirm?question=question-1";
      const problem = JSON.stringify({ code: "confirm-required", detail: "Really?", confirm });
      response
        .writeHead(428, { "content-type": "application/problem+json", "x-guise-question": confirm })
        .end(problem);
    } else {
      response.writeHead(200, { "content-type": "text/html" }).end(`<title>${path}</title>`);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    asked,
    page: (path, page) => pages.set(path, page),
    me: (impersonation) => {
      me = impersonation;
    },
    next: (wanted) => new Promise((done) => waiting.push({ wanted, done })),
    close: () => closed(server),
  };
}

/** The page with its banner or notice in it. */
function send(page: SitePage, host: string, response: ServerResponse): void {
  const needs = cspNeeds({ authority: host, prefix: "/.guise" });
  const csp = page.csp === undefined ? [] : ["content-security-policy", page.csp];
  response.writeHead(200, ["content-type", page.type ?? "text/html", ...amendPolicyHeaders(csp, needs)]);
  const view = viewOf(host, page.view);
  const insert = page.notice === true ? notice(view satisfies NoticeView) : banner(view);
  const transform = rewriter({
    insert,
    syntax: view.syntax,
    charset: "utf-8",
    pageHead: 1 << 20,
    title: null,
    transcode: true,
    amendMeta: (policy) => amendPolicies(policy, needs),
  });
  transform.pipe(response);
  transform.end(page.html);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
