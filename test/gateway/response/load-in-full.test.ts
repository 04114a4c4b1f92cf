import { parse } from "parse5";
import t from "tap";
import { loadInFull } from "../../../src/gateway/response/load-in-full.ts";

const ADDRESS = `https://app.example.com/site/1?a=1&b="><script>x</script>`;

t.test("each library is told in its own words, and nothing is kept", async (t) => {
  const htmx = loadInFull("htmx", ADDRESS);
  t.match(htmx, { status: 200, body: "" });
  t.same(new Map(htmx.headers).get("HX-Redirect"), ADDRESS);
  const inertia = loadInFull("inertia", ADDRESS);
  t.match(inertia, { status: 409, body: "" });
  t.same(new Map(inertia.headers).get("X-Inertia-Location"), ADDRESS);
  for (const visit of ["document", "htmx", "inertia"] as const)
    t.same(new Map(loadInFull(visit, ADDRESS).headers).get("Cache-Control"), "no-store", visit);
});

t.test("the page leads to the address, whatever is in it", async (t) => {
  const { body } = loadInFull("document", ADDRESS);
  const found: string[] = [];
  const walk = (node: {
    nodeName: string;
    attrs?: { name: string; value: string }[];
    childNodes?: never[];
  }) => {
    for (const { name, value } of node.attrs ?? [])
      if (value.includes("site")) found.push(`${name}=${value}`);
    t.not(node.nodeName, "script");
    for (const child of node.childNodes ?? []) walk(child);
  };
  walk(parse(body) as never);
  t.same(found, [`content=0; url=${ADDRESS}`, `href=${ADDRESS}`]);
});
