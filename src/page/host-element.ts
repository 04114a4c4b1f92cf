import { clientIntegrity } from "./client.ts";
import { escaped } from "./markup.ts";
import type { Words } from "./words/en.ts";

/** `html` is read by the HTML parser, `xml` by the one for XHTML, which knows no declarative shadow roots. */
export type Syntax = "html" | "xml";

/** The element that holds whatever we put into a page. */
export interface HostView {
  /** Host and port as the browser has them, `app.example.com:8443`. */
  readonly authority: string;
  /** `/.guise`, without a slash at the end. */
  readonly prefix: string;
  readonly position: "top" | "bottom";
  readonly syntax: Syntax;
  /** In the language of the browser. */
  readonly words: Words;
  /** What the gateway is called here, and its colour; null: none. */
  readonly brand: { readonly name: string; readonly colour: string | null };
  /** Somebody else is shown than on the page before, which the browser may still hold and must forget. */
  readonly changed: boolean;
}

/**
 * An address of ours for an attribute. It names the host, since a `<base>` of the app would lead a bare path
 * elsewhere, and no scheme, since only the browser knows for sure which one it used.
 */
export function address(view: HostView, path: string): string {
  return escaped(`//${view.authority}${view.prefix}${path}`);
}

/**
 * Wraps `content` in a closed shadow root that the page's styles and scripts don't reach. `fallback` is plain HTML,
 * seen only in a browser that knows no declarative shadow roots.
 */
export function host(view: HostView, content: string, fallback: string): string {
  const styled = `<link rel="stylesheet" href="${address(view, "/banner.css")}"/>${content}`;
  const shadow =
    view.syntax === "html" ? `<template shadowrootmode="closed">${styled}</template>${fallback}` : styled;
  const namespace = view.syntax === "html" ? "" : ' xmlns="http://www.w3.org/1999/xhtml"';
  const page = `<link rel="stylesheet" href="${address(view, view.changed ? "/page.css?changed" : "/page.css")}"/>`;
  // Before the element and not in it: an app that removes the element as soon as it sees it would stop the script, too.
  // Without `crossorigin` an `Integrity-Policy` would forbid it.
  const script = `<script${namespace} async="" crossorigin="" src="${address(view, "/client.js")}" integrity="${clientIntegrity()}"></script>`;
  return `${script}<guise-banner${namespace} edge="${view.position}" dir="ltr">${shadow}${page}</guise-banner>`;
}
