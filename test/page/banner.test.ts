import fc from "fast-check";
import { type DefaultTreeAdapterTypes, parse } from "parse5";
import t from "tap";
import { type BannerView, banner, notice } from "../../src/page/banner.ts";
import { viewOf } from "./site.ts";

const NOW = Date.UTC(2026, 10, 22, 14, 4);
const view = (partial: Partial<BannerView> = {}): BannerView =>
  viewOf("app.example.com:8443", { now: NOW, endsAt: NOW + 28 * 60_000, ...partial });

type Node = DefaultTreeAdapterTypes.Node;

/** Every element below a node, in order, those in templates too. */
function elements(node: Node): DefaultTreeAdapterTypes.Element[] {
  const children = "content" in node ? [node.content] : "childNodes" in node ? node.childNodes : [];
  return children.flatMap((child) => ["tagName" in child ? [child] : [], elements(child)].flat());
}

function textOf(node: Node): string {
  if ("value" in node) return node.value;
  const children = "content" in node ? [node.content] : "childNodes" in node ? node.childNodes : [];
  return children.map((child) => textOf(child)).join("");
}

const attribute = (element: DefaultTreeAdapterTypes.Element | undefined, name: string) =>
  element?.attrs.find((each) => each.name === name)?.value;

t.test("in full it says by whose yes, and until when", async (t) => {
  const by = textOf(
    parse(banner(view({ agreement: { by: "customer", until: Date.UTC(2026, 10, 22, 15) } }))),
  );
  t.match(by, "Agreementby the customer, until 22 Nov 2026 15:00 UTC");
  const second = textOf(parse(banner(view({ agreement: { by: "second", until: null } }))));
  t.match(second, "Agreementby a second agent");
  t.notMatch(textOf(parse(banner(view()))), "Agreement", "nobody was asked");
});

t.test("it says who, as whom, how, why and how long, in plain words", async (t) => {
  const text = textOf(parse(banner(view())));
  for (const part of [
    "Viewing as Nuno Almeida nuno@example.com",
    "You are Alice Support",
    "Read only",
    "T-1042: Can not publish the status page",
    "until 14:32 UTC, 28 min left",
    "Stop viewing as Nuno Almeida",
  ]) {
    t.ok(text.includes(part), part);
  }
});

t.test("a step up says how long it lasts still", async (t) => {
  const up = banner(view({ canElevate: false, writeUntil: NOW + 599_000, mode: "write" }));
  const text = textOf(parse(up));
  t.match(text, "Write: changes are real, 10 min");
  t.match(text, `Changes until${new Date(NOW + 599_000).toISOString().slice(0, 16).replace("T", " ")} UTC`);
  const always = textOf(parse(banner(view({ canElevate: false, mode: "write" }))));
  t.notMatch(always, /changes are real,|Changes until/, "a mode that was given has no end of its own");
});

t.test(
  "Stop is its only form, which leads to our own host and holds nothing that opens anything",
  async (t) => {
    for (const more of [{}, { canElevate: false, writeUntil: NOW + 599_000, mode: "write" } as const]) {
      const tree = elements(parse(banner(view(more))));
      const forms = tree.filter((element) => element.tagName === "form");
      t.same(
        forms.map((form) => [attribute(form, "action"), attribute(form, "method")]),
        [["//app.example.com:8443/.guise/stop", "post"]],
      );
      const fields = tree.filter((element) => element.tagName === "input" && attribute(element, "name"));
      t.same(
        fields.map((field) => [attribute(field, "name"), attribute(field, "value")]),
        [["impersonation", "imp-1"]],
      );
    }
  },
);

t.test("elevate is a link that knows the way back", async (t) => {
  const links = elements(parse(banner(view()))).filter((element) => element.tagName === "a");
  t.ok(
    links.some(
      (link) =>
        attribute(link, "href") === "//app.example.com:8443/.guise/elevate?to=%2Fpage%3Fa%3Db%26c%3Dd",
    ),
  );
  const lower = banner(view({ canElevate: false, writeUntil: NOW + 599_000, mode: "write" }));
  t.match(lower, "/.guise/lower?to=%2Fpage");
  const without = banner(view({ canElevate: false }));
  t.notMatch(without, />(?:Allow changes|Only look)</);
});

t.test("there is no inline style, script or handler in it", async (t) => {
  for (const html of [banner(view()), notice(view())]) {
    const tree = elements(parse(html));
    t.notOk(tree.some(({ tagName }) => tagName === "style"));
    t.notOk(tree.some(({ attrs }) => attrs.some(({ name }) => name === "style" || name.startsWith("on"))));
    const scripts = tree.filter(({ tagName }) => tagName === "script");
    t.ok(scripts.every((script) => textOf(script) === "" && attribute(script, "src") !== undefined));
  }
});

t.test("nobody's words can leave their place", async (t) => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary", maxLength: 80 }),
    fc.constantFrom(
      "</template>",
      "<img src=x onerror=alert(1)>",
      "</script>",
      "\u202e",
      '"><script>',
      "\\~`",
      "",
    ),
  );
  const shape = elements(parse(banner(view({ reason: "a", ticket: "b" })))).map(({ tagName }) => tagName);
  const property = fc.property(fc.array(hostile, { minLength: 9, maxLength: 9 }), (words) => {
    const [a = "", b = "", c = "", d = "", e = "", f = "", g = "", h = "", i = ""] = words;
    const html = banner(
      view({
        trueUser: { label: `x${a}`, id: `x${b}` },
        effectiveUser: { label: `x${c}`, id: `x${d}`, email: `mail${e}` },
        reason: `x${f}`,
        ticket: `x${g}`,
        impersonation: h,
        here: i,
        disable: words,
      }),
    );
    if (!/^[\x20-\x7e]*$/.test(html) || /[\\~]/.test(html))
      throw new Error("not ASCII that every charset shows alike");
    const tags = elements(parse(html)).map(({ tagName }) => tagName);
    if (tags.join() !== shape.join()) throw new Error(tags.join());
  });
  fc.assert(property, { numRuns: 1000 });
  t.pass("the elements stay the same");
});

t.test("a person without a name that shows is called by id, and without that in words", async (t) => {
  const named = (label: string, id: string) =>
    textOf(parse(banner(view({ effectiveUser: { label, id, email: null } }))));
  t.match(named("\u200b", "17"), /Viewing as 17/);
  t.match(named("", "\u3164"), /Viewing as somebody without a name/);
});

t.test("the script learns what it needs", async (t) => {
  const html = banner(view({ disable: ["a[href='/x']"] }));
  const bar = elements(parse(html)).find((element) => element.tagName === "section");
  const config = JSON.parse(attribute(bar, "data-config") ?? "");
  t.match(config, { impersonation: "imp-1", mode: "read", edge: "top", name: "Nuno Almeida" });
  t.match(config, {
    disable: ["a[href='/x']"],
    endsAt: NOW + 28 * 60_000,
  });
});

t.test("the notice says whom one was", async (t) => {
  const html = notice(view({ effectiveUser: { label: "<b>Nuno", id: "17", email: null } }));
  t.match(textOf(parse(html)), /You are yourself again\. You were viewing the app as <b>Nuno\./);
  t.notMatch(html, /_csrf|<form/);
});

t.test("an end that has passed leaves no time", async (t) => {
  t.match(textOf(parse(banner(view({ endsAt: NOW - 1 })))), /0 min left/);
});
