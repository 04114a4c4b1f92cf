import type { FastifyInstance } from "fastify";
import { Fault } from "../../errors.ts";
import { html } from "../html.ts";
import { headOf } from "../layout.ts";

/**
 * `GET embed`: a page for a frame beside a conversation of a helpdesk. It is the same for everybody: it asks for no cookie, knows nobody, and
 * builds a link of what the helpdesk says to it. Everything is checked where that link leads, in a tab of its own.
 */
export function embedPage(fastify: FastifyInstance): void {
  fastify.get("/embed", async ({ received }, reply) => {
    const { helpdesk, prefix } = received.snapshot.settings;
    if (helpdesk.embed === null) throw new Fault("not-found", "the config has no `helpdesk.embed`");
    const { origins } = helpdesk.embed;
    const here = `${received.site.origin}${prefix}`;
    // A sandbox without `allow-same-origin`: to the browser it is of no origin, so it has no cookie and no storage of ours.
    const policy = `default-src 'none'; script-src ${here}/embed.js; style-src ${here}/console.css; base-uri 'none'; form-action 'none'; frame-ancestors ${origins.join(" ")}; sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox`;
    return await reply
      .header("content-type", "text/html; charset=utf-8")
      .header("cache-control", "no-store")
      .header("content-security-policy", policy)
      .header("referrer-policy", "no-referrer")
      // Who may frame it stands in the policy; a page that demands this of what it frames may as well.
      .header("cross-origin-resource-policy", "cross-origin")
      .header("cross-origin-opener-policy", "unsafe-none")
      .send(page(here, origins));
  });
}

function page(here: string, origins: readonly string[]): string {
  return html`<!doctype html>
<html lang="en">
<head>
${headOf("View the app as the customer", here)}
</head>
<body class="embedded">
<main id="main">
<p role="status" id="said">Waiting for the helpdesk…</p>
<p id="link"></p>
</main>
<script src="${here}/embed.js" data-guise-embed="${JSON.stringify({ here, origins })}"></script>
</body>
</html>
`.text;
}
