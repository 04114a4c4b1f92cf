import { text } from "node:stream/consumers";
import t from "tap";
import { Picture } from "../../../src/page/streams/svg-page.ts";

t.test("whatever pieces it comes in, the drawing is whole", async (t) => {
  const drawing = "<svg xmlns='http://www.w3.org/2000/svg'>\u00e9\u65e5</svg>";
  for (const size of [1, 2, 3, 7, 1000]) {
    const it = new Picture("<b>banner</b>");
    const bytes = Buffer.from(drawing);
    for (let at = 0; at < bytes.length; at += size) it.write(bytes.subarray(at, at + size));
    it.end();
    const page = await text(it);
    const [, encoded = ""] =
      /^<!doctype html>.*<body><b>banner<\/b><img alt="[^"]+" src="data:image\/svg\+xml;base64,([^"]*)">\n$/.exec(
        page,
      ) ?? [];
    t.equal(Buffer.from(encoded, "base64").toString(), drawing, String(size));
  }
});

t.test("nothing at all is still a page with the banner", async (t) => {
  const it = new Picture("<b>banner</b>");
  it.end();
  t.match(await text(it), "<b>banner</b>");
});
