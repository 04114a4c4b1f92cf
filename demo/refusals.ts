import type { FastifyReply, FastifyRequest } from "fastify";
import { type Html, html } from "./html.ts";
import { MARK } from "./icons.ts";

export type RefusalStatus = 400 | 401 | 403 | 404 | 413 | 500 | 503;

interface Words {
  readonly title: string;
  readonly text: string;
}

const WORDS: Readonly<Record<RefusalStatus, Words>> = {
  400: { title: "That doesn’t look right", text: "Something in this request is missing or can’t be read." },
  401: {
    title: "Please sign in again",
    text: "We could not tell who you are, so nothing was shown or changed.",
  },
  403: {
    title: "This form has expired",
    text: "Go back, reload the page and try again. Nothing was changed.",
  },
  404: {
    title: "Page not found",
    text: "There is nothing at this address. It may have moved, or the link may be incomplete.",
  },
  413: { title: "This file is too large", text: "Files may have up to 64 MB." },
  500: { title: "Something went wrong", text: "It is our fault, not yours. Please try again in a moment." },
  503: { title: "Back in a moment", text: "A part of the service doesn’t answer. Please try again shortly." },
};

/** A page without anybody's name on it: the same bytes for everybody. */
function plainPage(status: RefusalStatus): Html {
  const { title, text } = WORDS[status];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Lantern</title>
<link rel="stylesheet" href="/assets/app.css">
<link rel="icon" href="/assets/mark.svg" type="image/svg+xml">
</head>
<body class="plain">
<main class="plain-card">
<a class="brand" href="/">${MARK}<span>Lantern</span></a>
<p class="plain-status">${status}</p>
<h1>${title}</h1>
<p>${text}</p>
<p><a class="button" href="/">Go to the start page</a></p>
</main>
</body>
</html>
`;
}

const PAGES = new Map<RefusalStatus, string>(
  ([400, 401, 403, 404, 413, 500, 503] as const).map((status) => [status, plainPage(status).markup]),
);

/** True where the answer is for a person's eyes. */
export function wantsPage(request: FastifyRequest): boolean {
  return (request.headers.accept ?? "").includes("text/html");
}

function sendPage(reply: FastifyReply, status: RefusalStatus): FastifyReply {
  return reply.code(status).type("text/html; charset=utf-8").send(PAGES.get(status));
}

/** Not done, as a page for people and as JSON for scripts. */
export function refusedPage(
  request: FastifyRequest,
  reply: FastifyReply,
  status: RefusalStatus,
): FastifyReply {
  if (wantsPage(request)) return sendPage(reply, status);
  return reply.code(status).send({ error: WORDS[status].title });
}

/** The one answer to "doesn't exist" and to "isn't yours". Its bytes depend on nothing but the kind of address. */
export function missing(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (request.url.startsWith("/api/") || request.url.startsWith("/internal/")) {
    return reply.code(404).send({ error: "not found" });
  }
  return sendPage(reply, 404);
}

/** Sends a signed-out visitor to the login page, and a script a 401. */
export function askToSignIn(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const reads = request.method === "GET" || request.method === "HEAD";
  const script = /^\/(api|sse)\//.test(request.url) || !(reads || wantsPage(request));
  if (script) return reply.code(401).send({ error: "not signed in" });
  const back = reads && request.url !== "/" ? `?to=${encodeURIComponent(request.url)}` : "";
  return reply.redirect(`/login${back}`, 302);
}
