import t from "tap";
import { compileRoutes } from "../../../src/domain/routing/route.ts";

interface Written {
  readonly path: string;
  readonly caseSensitive?: boolean;
}

function finderOf(...routes: readonly Written[]) {
  const { finder, problems } = compileRoutes(
    routes.map((it, n) => ({ host: null, target: it.path, name: `routes[${n}]`, ...it })),
  );
  t.strictSame(problems, []);
  return (path: string) => {
    const found = finder.match("app.example.com", path);
    return found === null ? null : { ...found.params, route: found.target };
  };
}

t.test("a segment in front may be missing", async (t) => {
  const match = finderOf({ path: "{/:lang}/site/:site{/*rest}" });
  t.match(match("/site/42"), { site: "42" });
  t.match(match("/de/site/42/edit/x"), { lang: "de", site: "42", rest: "edit/x" });
  t.match(
    match("/site/site/42"),
    { site: "site", rest: "42" },
    "what is written counts before what may be anything",
  );
  t.equal(match("/de/en/site/42"), null);
});

t.test("a suffix may be there, by name or any", async (t) => {
  const match = finderOf({ path: "/site/:site{.json}" }, { path: "/report/:report{.:format}" });
  t.match(match("/site/42"), { site: "42" });
  t.match(match("/site/42.json"), { site: "42" });
  t.match(match("/site/42.xml"), { site: "42.xml" }, "which is no plain id");
  t.match(match("/report/7.csv"), { report: "7", format: "csv" });
  t.match(match("/report/7"), { report: "7" });
});

t.test("params and texts are decoded once, in any script", async (t) => {
  const match = finderOf({ path: "/t/:name" }, { path: "/straße/:id" });
  t.match(match("/t/caf%C3%A9"), { name: "café" });
  t.match(match("/t/%E6%97%A5%E6%9C%AC"), { name: "日本" });
  t.match(match("/t/caf%25C3%25A9"), { name: "caf%C3%A9" }, "never twice");
  t.match(match("/stra%C3%9Fe/1"), { id: "1" });
});

t.test("pairs are two params", async (t) => {
  const match = finderOf({ path: "/:org/:repo{/*rest}" });
  t.match(match("/acme/site/settings"), { org: "acme", repo: "site", rest: "settings" });
  t.equal(match("/acme"), null);
});

t.test("caseSensitive: false takes any case of the route's own texts and keeps that of params", async (t) => {
  const match = finderOf(
    { path: "/site/:site{/*rest}", caseSensitive: false },
    { path: "/Export-:id.csv", caseSensitive: false },
    { path: "/team/:team" },
  );
  t.match(match("/Site/AbC/Edit"), { site: "AbC", rest: "Edit" });
  t.match(match("/SITE/42"), { site: "42" });
  t.match(match("/EXPORT-Q7.CSV"), { id: "Q7" });
  t.match(match("/\u017Fite/42".replace("\u017F", "%C5%BF")), { site: "42" }, "as servers fold");
  t.equal(match("/Team/1"), null, "others count as they are written");
});

t.test(
  "the more specific route counts before the looser spelling, and the plain spelling before both",
  async (t) => {
    const match = finderOf(
      { path: "/site/*rest" },
      { path: "/Site/:site", caseSensitive: false },
      { path: "/site/new" },
      { path: "/:any/:thing" },
    );
    t.match(match("/site/new"), { route: "/site/new" });
    t.match(match("/SITE/new"), { route: "/Site/:site" });
    t.match(match("/sites/new"), { route: "/:any/:thing" });
  },
);

t.test("two routes that differ only in a case that neither minds can't be told apart", async (t) => {
  const { problems } = compileRoutes([
    { host: null, path: "/Site/:a", target: 1, name: "routes[0]", caseSensitive: false },
    { host: null, path: "/site/:b", target: 2, name: "routes[1]", caseSensitive: false },
  ]);
  t.match(problems, [{ name: "routes[1]", message: /can't be told apart from routes\[0\]/ }]);
});
