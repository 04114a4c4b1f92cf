import { brotliCompressSync, gzipSync } from "node:zlib";
import t from "tap";
import { clientAssets } from "../../../src/page/client.ts";
import { helpScript } from "../../../src/page/help/help.ts";
import { viewOf } from "../site.ts";

const VIEW = viewOf("a.example");

t.test(
  "the script is smaller than 6 kB compressed, and uses nothing that trusted types would stop",
  async (t) => {
    const body = clientAssets().get("help.js")?.body ?? Buffer.alloc(0);
    t.ok(body.length > 1_000);
    t.ok(gzipSync(body).length < 6_000, `${gzipSync(body).length} bytes by gzip`);
    t.ok(brotliCompressSync(body).length < 6_000);
    t.notMatch(
      body.toString(),
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function/,
    );
  },
);

t.test("its element is ASCII, whatever the config says, and well-formed for XML", async (t) => {
  const help = { categories: ['"><script>alert(1)</script>', "Größe"], screenshot: true, screenshotSize: 5 };
  for (const syntax of ["html", "xml"] as const) {
    const text = helpScript({ ...VIEW, syntax }, help);
    t.match(text, /^[\x20-\x7d]+$/);
    t.equal(text.match(/<script/g)?.length, 1);
    t.equal(text.includes("xmlns="), syntax === "xml");
  }
});
