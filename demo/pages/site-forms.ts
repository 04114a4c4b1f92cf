import type { Site } from "../data.ts";
import { type Html, html } from "../html.ts";
import { csrfField } from "../layout.ts";
import { card } from "../parts.ts";
import { siteHead } from "./site.ts";

function intervalOptions(current: number): readonly Html[] {
  return [1, 5, 15, 60].map((minutes) => {
    const chosen = minutes === current ? html` selected` : null;
    return html`<option value="${minutes}"${chosen}>${minutes === 1 ? "Every minute" : `Every ${minutes} minutes`}</option>`;
  });
}

/** `/site/:site/settings`. */
export function settingsBody(site: Site, csrf: string): Html {
  const paused = site.state === "paused" ? html` checked` : null;
  return html`${siteHead(site, "settings")}
${card(
  "Monitoring",
  html`<form class="stack" action="/site/${site.id}/settings" method="post">${csrfField(csrf)}
<label>Send alerts to<input type="email" name="notify" value="${site.notify}" required></label>
<label>Check this site<select name="interval">${intervalOptions(site.interval)}</select></label>
<label class="tick"><input type="checkbox" name="paused" value="1"${paused}> Pause all checks of this site</label>
<p class="actions"><button class="button primary" type="submit">Save settings</button></p></form>`,
)}`;
}

/** `/site/:site/delete`. */
export function deleteBody(site: Site, csrf: string): Html {
  return html`${siteHead(site, "delete")}
<section class="card danger"><header><h2>Delete ${site.name}</h2></header>
<p>All checks stop at once. Charts, incidents and alert settings of this site are removed and can’t be brought back.</p>
<form action="/site/${site.id}/delete" method="post">${csrfField(csrf)}
<p class="actions"><button class="button bad" type="submit">Delete this site</button><a class="button" href="/site/${site.id}/overview">Keep it</a></p></form></section>`;
}
