import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import vm from "node:vm";
import t from "tap";
import { clientAssets, clientIntegrity, cspNeeds } from "../../src/page/client.ts";

const script = clientAssets().get("client.js")?.body.toString() ?? "";

t.test("the files have a type, an etag and the hash of their bytes", async (t) => {
  t.same([...clientAssets().keys()], ["client.js", "help.js", "banner.css", "page.css"]);
  for (const [name, asset] of clientAssets()) {
    t.ok(asset.body.length > 100, name);
    t.match(asset.type, name.endsWith(".js") ? /^text\/javascript/ : /^text\/css/);
    t.match(asset.etag, /^"[\w+/]{22}"$/);
    t.equal(asset.integrity, `sha256-${createHash("sha256").update(asset.body).digest("base64")}`);
  }
  t.equal(clientIntegrity(), clientAssets().get("client.js")?.integrity);
  t.equal(clientAssets(), clientAssets(), "read once");
});

t.test("the script is one that parses, with nothing left to import", async (t) => {
  t.doesNotThrow(() => new vm.Script(script));
  t.notMatch(script, /^\s*(import|export)\b/m);
});

t.test("every part of the script is in it", async (t) => {
  const names = readdirSync(new URL("../../src/page/client/", import.meta.url)).filter((it) =>
    it.endsWith(".js"),
  );
  t.ok(names.length > 5);
  for (const name of names) t.ok(script.includes(`parts.${name.replace(".js", "")} = `), name);
});

t.test("the script uses nothing that trusted types or a policy would stop", async (t) => {
  for (const sink of [
    /innerHTML/,
    /outerHTML/,
    /insertAdjacentHTML/,
    /document\.write/,
    /\beval\b/,
    /new Function/,
    /setTimeout\("/,
    /createContextualFragment/,
    /setAttribute\("(?:style|on)/,
  ]) {
    t.notMatch(script, sink);
  }
});

t.test("a policy needs our exact addresses at this host", async (t) => {
  t.strictSame(cspNeeds({ authority: "a.example:8443", prefix: "/_g" }), {
    script: "a.example:8443/_g/client.js",
    scriptHash: `'${clientIntegrity()}'`,
    styles: ["a.example:8443/_g/banner.css", "a.example:8443/_g/page.css"],
    connect: ["a.example:8443/_g/me", "a.example:8443/_g/lost"],
    formAction: "a.example:8443/_g/",
    ledOnTo: null,
  });
});
