import t from "tap";
import { urlLimits } from "../../../src/gateway/intake/url-limits.ts";
import { snapshotOf } from "../../fixtures/test-services.ts";

const base = `identity: [{ insecureHeader: { name: X-User, from: [127.0.0.1] } }]\n`;

t.test("what an address may be is what the config says", async (t) => {
  const { settings } = snapshotOf(
    `${base}upstream: { url: "http://127.0.0.1:1", encodedSlash: keep }\nlimits: { url: 300B, segments: 7, segment: 64B }\n`,
  );
  t.same(urlLimits(settings), { url: 300, segments: 7, segment: 64, encodedSlash: "keep" });
});

t.test("the same settings give the same object, others another", async (t) => {
  const one = snapshotOf(`${base}upstream: http://127.0.0.1:1\n`).settings;
  const other = snapshotOf(`${base}upstream: http://127.0.0.1:1\n`).settings;
  t.equal(urlLimits(one), urlLimits(one));
  t.not(urlLimits(one), urlLimits(other));
});
