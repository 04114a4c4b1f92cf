import { readdirSync, readFileSync } from "node:fs";
import t from "tap";
import { parse } from "yaml";
import type { HelpOutlet } from "../../src/config/snapshot.ts";
import { filledIn } from "../../src/domain/help/help.ts";
import { aRequest } from "../fixtures/gateway/help.ts";
import { snapshotOf, YAML } from "../fixtures/gateway/test-services.ts";

const FOLDER = new URL("../../examples/helpdesk/", import.meta.url);
const SECRETS = { HELPDESK_AUTHORIZATION: "Bearer x", HELPDESK_URL: "https://hooks.example.com/x" };
const names = readdirSync(FOLDER);

t.test("there is a template for each of them", async (t) => {
  const all = ["chatwoot", "freshdesk", "github", "slack", "zammad", "zendesk"];
  t.same(
    [...names].sort(),
    all.map((it) => `${it}.yaml`),
  );
});

for (const name of names)
  t.test(`${name} loads, has the link, and nothing that somebody writes leaves its text`, async (t) => {
    const written = readFileSync(new URL(name, FOLDER), "utf8");
    const { help } = snapshotOf(`${YAML}\n${written}`, SECRETS).settings;
    const [outlet] = help?.outlets ?? [];
    if (outlet?.kind !== "webhook" || outlet.body === null) throw new Error("no template");
    const { body } = outlet;
    const plain = filledIn(body, aRequest());
    t.match(JSON.stringify(plain), "/.guise/t/");
    const hostile = '"}, "admin": true, {"x": "</pre><script>{from.email}';
    const filled = filledIn(body, aRequest({ message: hostile, category: hostile, userAgent: hostile }));
    t.same(shapeOf(filled), shapeOf(plain));
    for (const text of textsIn(filled).filter((it) => it.includes("<pre>")))
      t.equal(text.split("</pre>").length, 2, "it ends where the template ends it");
    t.ok(parse(written), "and is YAML by itself");
  });

type Body = Extract<HelpOutlet, { readonly kind: "webhook" }>["body"];

function textsIn(body: Body): readonly string[] {
  if (typeof body === "string") return [body];
  return typeof body === "object" && body !== null ? Object.values(body).flatMap(textsIn) : [];
}

/** The same object without its texts. */
function shapeOf(body: Body): unknown {
  if (typeof body === "string") return "text";
  if (Array.isArray(body)) return body.map(shapeOf);
  if (typeof body !== "object" || body === null) return body;
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, shapeOf(value)]));
}
