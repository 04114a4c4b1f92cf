import t from "tap";
import { uncached } from "../../../src/gateway/response/uncached.ts";

t.test(
  "nothing that a cache goes by is left, in whatever spelling, and everything else stays, validators too",
  async (t) => {
    const headers = [
      ["CACHE-CONTROL", "public, max-age=3600, s-maxage=86400"],
      ["Cache-Control", "immutable"],
      ["Surrogate-Control", "max-age=9"],
      ["CDN-Cache-Control", "max-age=9"],
      ["Expires", "Thu, 01 Jan 2032 00:00:00 GMT"],
      ["ETag", '"a"'],
      ["Last-Modified", "Tue, 04 Nov 2025 10:00:00 GMT"],
      ["Age", "5"],
      ["X-App", "ETag"],
      ["Vary", "Cookie"],
    ];
    t.strictSame(uncached(headers.flat()), [
      "ETag",
      '"a"',
      "Last-Modified",
      "Tue, 04 Nov 2025 10:00:00 GMT",
      "X-App",
      "ETag",
      "Vary",
      "Cookie",
      "Cache-Control",
      "private, no-store",
    ]);
  },
);
