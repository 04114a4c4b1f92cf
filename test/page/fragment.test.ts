import t from "tap";
import { refusedFragment } from "../../src/page/fragment.ts";

const REFUSED = { code: "denied", title: "This must not be done.", detail: "Ask Nuno.", frame: null };

t.test("a fragment says the word and the reason, and is no page", async (t) => {
  const html = refusedFragment(REFUSED);
  t.match(html, /^<div class="guise-refused" role="alert" data-guise-refused="denied">/);
  t.match(html, "<strong>This must not be done.</strong> Ask Nuno.</div>");
  t.notMatch(refusedFragment({ ...REFUSED, detail: REFUSED.title }), /done\.[\s\S]*done\./, "once");
});

t.test("for a Turbo frame it is that frame", async (t) => {
  t.match(
    refusedFragment({ ...REFUSED, frame: "cart" }),
    /^<turbo-frame id="cart"><div [\s\S]*<\/turbo-frame>\n$/,
  );
});

t.test("nothing that a rule, a person or a client says is markup in it", async (t) => {
  const evil = `"><script>alert(1)</script>`;
  const html = refusedFragment({ code: "denied", title: evil, detail: `${evil}!`, frame: evil });
  t.notMatch(html, /<script/);
});
