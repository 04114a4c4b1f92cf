import { join } from "node:path";
import t from "tap";
import { secretReader, secretSource, textSource } from "../../src/clients/secret.ts";
import { testFolder } from "../fixtures/test-folder.ts";

t.test("a secret comes from a variable or from a file beside the config", async (t) => {
  const directory = testFolder(t, { "token.txt": "from the file\r\n" });
  const read = secretReader({ env: { TOKEN: "from the variable\n" }, directory });
  t.equal(read({ fromEnv: "TOKEN" }), "from the variable");
  t.equal(read({ fromFile: "token.txt" }), "from the file");
  t.equal(read({ fromFile: join(directory, "token.txt") }), "from the file");
  t.equal(read("-----BEGIN PUBLIC KEY-----"), "-----BEGIN PUBLIC KEY-----");
});

t.test("what is missing, empty or far too large is a fault that names the place", async (t) => {
  const directory = testFolder(t, { empty: "\n", large: "x".repeat(70_000) });
  const read = secretReader({ env: { EMPTY: "" }, directory });
  const fault = (detail: RegExp) => ({ code: "secret-missing", detail });
  t.throws(() => read({ fromEnv: "NOT_THERE" }), fault(/variable NOT_THERE is not set/));
  t.throws(() => read({ fromEnv: "EMPTY" }), fault(/variable EMPTY is empty/));
  t.throws(() => read({ fromFile: "gone" }), fault(/gone can not be read/));
  t.throws(() => read({ fromFile: "empty" }), fault(/empty is empty/));
  t.throws(() => read({ fromFile: "large" }), fault(/larger than 64 kB/));
});

t.test("an inherited name is no variable", async (t) => {
  const read = secretReader({ env: process.env, directory: "." });
  t.throws(() => read({ fromEnv: "toString" }), { code: "secret-missing" });
});

t.test("a secret written into the config is refused, a public key isn't", async (t) => {
  t.match(secretSource.safeParse("hunter2").error?.issues[0]?.message, /not written into the config/);
  t.notOk(secretSource.safeParse({ fromEnv: "A", fromFile: "b" }).success);
  t.notOk(secretSource.safeParse({ fromEnv: "A B" }).success);
  t.ok(textSource.safeParse("-----BEGIN PUBLIC KEY-----").success);
});
