import t from "tap";
import { stage } from "./stage.ts";

const it = await stage();
t.teardown(() => it.close());

/** The words in the banner whose contrast to what is behind them is below 4.5, the least of WCAG 2.2's level AA. */
const TOO_FAINT = `
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((it) => {
      const part = Number(it) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (!/^rgba.*, 0\\)$/.test(backgroundColor)) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const found = { seen: 0, faint: [] };
  const texts = document.createTreeWalker(this, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { parentElement: element, data } = texts.currentNode;
    if (data.trim() === "" || !element.checkVisibility()) continue;
    found.seen += 1;
    const [a, b] = [light(getComputedStyle(element).color), light(paper(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.faint.push(data.trim() + " " + contrast.toFixed(2));
  }
  return found;
`;

for (const width of [360, 1_400]) {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const mode of ["read", "write"] as const) {
      t.test(`every word of the banner can be read: ${width} px, ${colorScheme}, ${mode}`, async (t) => {
        const { page, banner } = await it.open(
          { html: "<!doctype html><body>App", view: { mode, writeUntil: null } },
          { viewport: { width, height: 700 }, colorScheme },
        );
        await banner.click(".more summary");
        t.ok(await banner.call<boolean>(".panel", "return this.checkVisibility();"));
        const { seen, faint } = await banner.call<{ seen: number; faint: string[] }>(".bar", TOO_FAINT);
        t.ok(seen > 10, `${seen} words`);
        t.strictSame(faint, []);
        await page.context().close();
      });
    }
  }
}
