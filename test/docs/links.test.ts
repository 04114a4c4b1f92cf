import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import t from "tap";
import { pages, proseOf } from "../fixtures/pages.ts";
import { ROOT } from "../house/source.ts";

/** What a heading is called in an address, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .replace(/[`*]/g, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
}

function anchorsOf(text: string): readonly string[] {
  const seen = new Map<string, number>();
  return [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => {
    const anchor = anchorOf(heading);
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
}

/** The places that a page leads to within the project. */
function linksOf(text: string): readonly string[] {
  return [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, to = ""]) => to)
    .filter((to) => !/^[a-z]+:/.test(to));
}

const PAGES = pages();

t.test("every link of a page leads to a file of the project, and to a heading of it", async (t) => {
  const wrong: string[] = [];
  let seen = 0;
  for (const { path, text } of PAGES)
    for (const link of linksOf(text)) {
      seen += 1;
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : normalize(join(dirname(path), file));
      if (target.startsWith("..") || !existsSync(join(ROOT, target))) wrong.push(`${path}: ${link}`);
      else if (anchor !== undefined && !anchorsOf(readFileSync(join(ROOT, target), "utf8")).includes(anchor))
        wrong.push(`${path}: ${link} has no such heading`);
    }
  t.ok(seen > 100, "there are links");
  t.same(wrong, []);
});

t.test("every page of docs/ is on its map, and the map names no other", async (t) => {
  const map = PAGES.find(({ path }) => path === "docs/README.md")?.text ?? "";
  const named = [...map.matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, page = ""]) => `docs/${page}`);
  const there = PAGES.map(({ path }) => path).filter((path) => /^docs\/[\w-]+\.md$/.test(path));
  t.same(
    [...named].sort(),
    there.filter((path) => path !== "docs/README.md"),
  );
});

t.test("headings are found by the names that GitHub gives them", async (t) => {
  t.same(anchorsOf("# A `b` & c\n## What's here?\n```\n# no\n```\n## What's here?\n## [x](y.md), z\n"), [
    "a-b--c",
    "whats-here",
    "whats-here-1",
    "x-z",
  ]);
  t.same(linksOf("[a](b.md#c) `[d](e)` [f](https://g) ![h](i.png)\n```\n[j](k)\n```\n"), ["b.md#c", "i.png"]);
});
