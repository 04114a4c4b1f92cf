import t from "tap";
import { sealFor } from "../../src/sessions/seal.ts";

const KEY = new Uint8Array(32).fill(7);
const { seal, open } = sealFor(KEY, "jar");

t.test("what was sealed opens where it was put, and reads differently each time", async (t) => {
  const text = "Zoë's cookies 🍪\n";
  t.equal(open(seal(text, "jar:1"), "jar:1"), text);
  t.equal(open(seal("", "jar:1"), "jar:1"), "");
  t.not(seal(text, "jar:1"), seal(text, "jar:1"));
  t.notMatch(Buffer.from(seal("a".repeat(64), "x").slice(3), "base64url").toString("latin1"), /aaaa/);
});

t.test("elsewhere, altered, cut, of another use or under another key it doesn't open", async (t) => {
  const sealed = seal("secret", "jar:1");
  const fault = { code: "store-unavailable", detail: /jar:\d can not be opened/ };
  t.throws(() => open(sealed, "jar:2"), fault);
  for (let at = 0; at < sealed.length; at += 1) {
    const other = sealed[at] === "A" ? "B" : "A";
    const altered = sealed.slice(0, at) + other + sealed.slice(at + 1);
    // The last character holds bits that stand for nothing.
    if (
      Buffer.from(altered.slice(3), "base64url").equals(Buffer.from(sealed.slice(3), "base64url")) &&
      at > 2
    )
      continue;
    t.throws(() => open(altered, "jar:1"), fault, `character ${at}`);
  }
  for (const cut of ["", "v1.", sealed.slice(0, -4), sealed.slice(0, 20), sealed.slice(3)])
    t.throws(() => open(cut, "jar:1"), fault);
  t.throws(() => sealFor(KEY, "confirmation").open(sealed, "jar:1"), fault);
  t.throws(() => sealFor(new Uint8Array(32).fill(8), "jar").open(sealed, "jar:1"), fault);
});
