import t from "tap";
import { compileRoutes } from "../../../src/domain/routing/route.ts";
import { sampleBelow, sampleHosts, samplePaths } from "../../../src/domain/routing/samples.ts";

const PATHS = [
  "/",
  "/a",
  "/a/:b",
  "/a{/:b}/c{/*rest}",
  "/*any/edit",
  "/file-:id.html",
  "/x-:a-:b",
  "/café/:x",
  "/a%2Fb/:x",
  null,
] as const;
const HOSTS = ["app.example.com", ":team.example.com", "*any.example.com", "x-:y.example.com"] as const;

t.test("every sample of a pattern meets it, and each of its readings has one", async (t) => {
  for (const path of PATHS) {
    const { finder } = compileRoutes([{ name: "it", host: null, path: path ?? "/*any", target: true }]);
    const samples = samplePaths(path);
    for (const sample of samples.filter((it) => it !== "/" || path !== null))
      t.ok(finder.match("h", sample), `${path}: ${sample}`);
  }
  for (const host of HOSTS) {
    const { finder } = compileRoutes([{ name: "it", host, path: null, target: true }]);
    for (const sample of sampleHosts(host)) t.ok(finder.match(sample, "/"), `${host}: ${sample}`);
  }
  t.equal(
    samplePaths("/a{/:b}/c{/*rest}").length,
    6,
    "with and without b, with no, one and two segments at the end",
  );
});

t.test("what stands for params can be said, and a pattern that is wrong has no sample", async (t) => {
  t.same(samplePaths("/site/:site{/*rest}", "42"), ["/site/42", "/site/42/42", "/site/42/42/42"]);
  t.same(samplePaths("no slash"), []);
  t.same(sampleHosts("a..b"), []);
  t.match(sampleHosts(null), [/\.invalid$/]);
  t.match([sampleBelow("/"), sampleBelow("/a")], [/^\/[a-z0-9]+$/, /^\/a\/[a-z0-9]+$/]);
});
