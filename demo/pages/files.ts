import type { FastifyInstance } from "fastify";
import type { Upload } from "../data.ts";
import { type Html, html } from "../html.ts";
import { csrfField, show } from "../layout.ts";
import { forMembers } from "../members.ts";
import { ago, card, empty, heading } from "../parts.ts";
import type { Deps, Member } from "../visit.ts";

function uploadTable(uploads: readonly Upload[]): Html {
  if (uploads.length === 0) return empty("Nothing uploaded", "Lists of sites and logos go here.");
  const now = Date.now();
  const rows = uploads.map(
    (upload) =>
      html`<tr><td>${upload.name}</td><td class="num">${upload.size.toLocaleString("en")} B</td><td class="wide"><code>${upload.sha256.slice(0, 16)}…</code></td><td class="num">${ago(upload.at, now)}</td></tr>`,
  );
  return html`<table class="list"><thead><tr><th scope="col">File</th><th scope="col" class="num">Size</th><th scope="col" class="wide">SHA-256</th><th scope="col" class="num">When</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function filesBody(deps: Deps, { person, csrf }: Member): Html {
  const uploads = deps.data.uploads.filter((upload) => upload.ownerId === person.id).reverse();
  return html`${heading("Files", "Take your data with you, or bring some along.")}
<div class="columns even">
${card("Export", html`<p>All checks of all your sites, as one file of 20 MB.</p><p class="actions"><a class="button primary" href="/files/export.bin">Download the export</a></p>`)}
${card(
  "Upload",
  html`<form class="stack" action="/files/upload" method="post" enctype="multipart/form-data" data-upload>${csrfField(csrf)}
<label>A file of up to 64 MB<input type="file" name="file" required></label>
<p class="actions"><button class="button primary" type="submit">Upload</button><span id="upload-state" role="status"></span></p></form>`,
)}
</div>
${card("Your uploads", uploadTable(uploads))}`;
}

/** `/files`; the bytes themselves go through `download.ts` and `upload.ts`. */
export function filePages(app: FastifyInstance, deps: Deps): void {
  app.get(
    "/files",
    forMembers((member, request, reply) =>
      show(deps, request, reply, { title: "Files", active: "/files", body: filesBody(deps, member) }),
    ),
  );
}
