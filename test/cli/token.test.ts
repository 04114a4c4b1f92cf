import { createHash } from "node:crypto";
import t from "tap";
import { parse } from "yaml";
import { token } from "../../src/cli/token.ts";
import { runCommand } from "../fixtures/command.ts";
import { snapshotOf, YAML } from "../fixtures/gateway/test-services.ts";

t.test("a token is shown once, and what it prints is a config that knows it by its hash", async (t) => {
  const { code, out } = await runCommand(token, ["desk"]);
  t.equal(code, 0);
  const [secret = ""] = out.split("\n");
  t.match(secret, /^guise_[\w-]{43}$/);
  const yaml = out.slice(out.indexOf("api:"));
  t.ok(parse(yaml));
  const [known] = snapshotOf(`${YAML}\n${yaml}`).settings.api.tokens;
  t.match(known, {
    name: "desk",
    rights: ["start"],
    hash: `sha256:${createHash("sha256").update(secret).digest("hex")}`,
  });
  t.notMatch(yaml, secret);
  t.not((await runCommand(token, ["desk"])).out.split("\n")[0], secret, "another one each time");
});

t.test("how long it counts is bounded, and as JSON it says the same", async (t) => {
  const { out } = await runCommand(token, ["desk", "--lasts", "2d", "--json"]);
  const said = JSON.parse(out);
  t.equal(said.expires, new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10));
  for (const lasts of ["1h", "400d", "ever"])
    t.match(await runCommand(token, ["desk", "--lasts", lasts]), { code: 1, err: /from 1d to 366d/ });
  for (const args of [[], ["a", "b"], ["-x"], ["a b"]]) t.equal((await runCommand(token, args)).code, 2);
});
