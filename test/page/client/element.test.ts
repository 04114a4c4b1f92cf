import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import t from "tap";
import { banner } from "../../../src/page/banner.ts";
import { clientAssets } from "../../../src/page/client.ts";
import { viewOf } from "../site.ts";
import { stage } from "../stage.ts";

/** Says in the title when a script of the page has run. */
const TELLS = `<script>document.addEventListener("load", () => { document.title = "ran" }, true)</script>`;

const it = await stage();
t.teardown(() => it.close());

t.test("a banner of which only the beginning is here is waited for, in either syntax", async (t) => {
  for (const syntax of ["html", "xml"] as const) {
    const rest = Promise.withResolvers<void>();
    const server = createServer(async (request, response) => {
      const asset = clientAssets().get(request.url?.replace("/.guise/", "") ?? "");
      if (asset !== undefined)
        return void response.writeHead(200, { "content-type": asset.type }).end(asset.body);
      if (request.url !== "/x") return void response.writeHead(404).end();
      const text = banner(viewOf(request.headers.host ?? "", { syntax }));
      // Behind the first link there is where it could be taken for the last.
      const at = text.indexOf("/>", text.indexOf("<guise-banner")) + 2;
      response.writeHead(200, { "content-type": syntax === "xml" ? "application/xhtml+xml" : "text/html" });
      const start =
        syntax === "xml" ? '<html xmlns="http://www.w3.org/1999/xhtml">' : "<!doctype html><html>";
      response.write(`${start}<head><title>a</title>${TELLS}</head><body>${text.slice(0, at)}`);
      await rest.promise;
      response.end(`${text.slice(at)}<h1>App</h1></body></html>`);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { page } = await it.open({ html: "<!doctype html><body>first" });
    const url = `http://localhost:${(server.address() as AddressInfo).port}/x`;
    await page.goto(url, { waitUntil: "commit" });
    await page.waitForFunction("document.title === 'ran'");
    rest.resolve();
    await page.waitForFunction(
      "customElements.get('guise-banner') !== undefined && document.querySelector('h1')",
    );
    t.equal(page.url(), url, syntax);
    await page.context().close();
    server.closeAllConnections();
    server.close();
  }
});
