import { canonicalUrl, type UrlLimits } from "../../src/domain/routing/canonical-url.ts";

/** Prints ns for one reading of a plain, a long and an odd address. Run: `node bench/micro/canonical-url.ts`. */
const limits: UrlLimits = { url: 16384, segments: 128, segment: 2048, encodedSlash: "refuse" };
const cases: Readonly<Record<string, readonly string[]>> = {
  plain: Array.from({ length: 64 }, (_, i) => `/site/${i}/pages/settings`),
  query: Array.from({ length: 64 }, (_, i) => `/site/${i}/pages?sort=name&page=${i}&filter[state]=open`),
  odd: Array.from({ length: 64 }, (_, i) => `/site/${i}//caf%c3%a9/%61bc;x=1?q=%20`),
};

const rounds = 2_000_000;
for (let run = 0; run < 2; run++) {
  for (const [name, list] of Object.entries(cases)) {
    let length = 0;
    const began = process.hrtime.bigint();
    for (let i = 0; i < rounds; i++) {
      const read = canonicalUrl(list[i & 63] ?? "/", limits);
      if (read.kind === "canonical") length += read.path.length;
    }
    const ns = Number(process.hrtime.bigint() - began) / rounds;
    if (run === 1)
      console.log(`${name.padEnd(6)} ${ns.toFixed(0).padStart(5)} ns (${length / rounds} characters)`);
  }
}
