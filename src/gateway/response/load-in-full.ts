import type { Visit } from "../../domain/decision.ts";
import { escaped } from "../../page/markup.ts";
import type { Answer } from "../http/raw-response.ts";

const NO_STORE = ["Cache-Control", "no-store"] as const;

/**
 * Tells the library that visits `address` (absolute) by script to have the browser load it. The answer says nothing of what is there, so
 * it can't be used to find out which pages exist.
 */
export function loadInFull(visit: Visit, address: string): Answer {
  switch (visit) {
    case "htmx":
      return { status: 200, headers: [["HX-Redirect", address], NO_STORE], body: "" };
    case "inertia":
      return { status: 409, headers: [["X-Inertia-Location", address], NO_STORE], body: "" };
    case "document":
      return { status: 200, headers: DOCUMENT_HEADERS, body: documentFor(address) };
    default:
      return visit satisfies never;
  }
}

const DOCUMENT_HEADERS: Answer["headers"] = [
  ["Content-Type", "text/html; charset=utf-8"],
  ["X-Content-Type-Options", "nosniff"],
  // Unpoly puts the body into the page, whichever part of it was asked for.
  ["X-Up-Target", "body"],
  NO_STORE,
];

/**
 * Turbo and Turbolinks load a page in full that says so in its head, pjax whatever has a head. Unpoly and Livewire put the body into
 * the page, where the browser does as the `meta` in it says.
 */
function documentFor(address: string): string {
  const to = escaped(address);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Loading</title>
<meta name="turbo-visit-control" content="reload"><meta name="turbolinks-visit-control" content="reload"></head>
<body><meta http-equiv="refresh" content="0; url=${to}"><p><a href="${to}">Load this page</a></p></body></html>
`;
}
