import { execFile } from "node:child_process";
import { chmod, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import t from "tap";
import { Fault } from "../../src/errors.ts";
import { openKeyring } from "../../src/keys/keyring.ts";
import { generatePem } from "../../src/keys/material.ts";
import { testFolder } from "../fixtures/test-folder.ts";

type KeyringOptions = Parameters<typeof openKeyring>[0];

const DAY = 24 * 3_600_000;

function setup(folder: string, more: Partial<KeyringOptions> = {}) {
  const time = { now: 1_700_000_000_000 };
  const errors: string[] = [];
  const none = () => undefined;
  const log = { debug: none, info: none, warn: none, error: (_: object, text: string) => errors.push(text) };
  const clock = { now: () => time.now, monotonic: () => time.now };
  const options: KeyringOptions = { folder, clock, log, reloadEvery: 0, ...more };
  return { time, errors, options };
}

t.test("keys are made once, for their owner alone, and are the same next time", async (t) => {
  const folder = join(testFolder(t), "data", "keys");
  const { options } = setup(folder);
  const first = await openKeyring(options);
  const second = await openKeyring(options);
  t.equal(first.signer("token").kid, second.signer("token").kid);
  t.same(first.derive("csrf"), second.derive("csrf"));
  t.notSame(first.derive("csrf"), first.derive("seal"));
  for (const file of await readdir(folder))
    t.equal((await stat(join(folder, file))).mode & 0o777, 0o600, file);
  t.equal((await stat(folder)).mode & 0o777, 0o700);
});

t.test("processes that start at the same moment agree on the keys", async (t) => {
  const folder = join(testFolder(t), "keys");
  const program = `
    import { openKeyring } from ${JSON.stringify(new URL("../../src/keys/keyring.ts", import.meta.url).href)};
    const clock = { now: () => Date.now(), monotonic: () => performance.now() };
    const keyring = await openKeyring({ folder: ${JSON.stringify(folder)}, clock, log: console, reloadEvery: 0 });
    console.log(keyring.signer("token").kid + keyring.signer("checkpoint").kid + keyring.derive("x").toString("hex"));`;
  const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  const all = await Promise.all([run(), run(), run(), run()]);
  t.equal(new Set(all.map((it) => it.stdout)).size, 1);
});

t.test("the jwks tells no private part and only the token's keys", async (t) => {
  const keyring = await openKeyring(setup(join(testFolder(t), "keys")).options);
  const { keys } = keyring.jwks();
  t.strictSame(Object.keys(keys[0] ?? {}).sort(), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
  t.strictSame(
    keys.map((key) => key.alg),
    ["ES256"],
  );
  t.not(keyring.signer("checkpoint").kid, keyring.signer("token").kid);
});

t.test("a new key is published before it signs, an old one for a week after", async (t) => {
  const { time, options } = setup(join(testFolder(t), "keys"));
  const keyring = await openKeyring(options);
  const old = keyring.signer("token").kid;
  const next = await keyring.rotate("token");
  const kids = () => keyring.jwks().keys.map((key) => key.kid);
  t.strictSame([keyring.signer("token").kid, kids()], [old, [old, next]]);
  time.now += 5 * 60_000;
  t.strictSame([keyring.signer("token").kid, kids()], [next, [old, next]]);
  time.now += 7 * DAY;
  t.strictSame(kids(), [next]);
});

t.test("a rotation at once signs at once", async (t) => {
  const keyring = await openKeyring(setup(join(testFolder(t), "keys")).options);
  const next = await keyring.rotate("checkpoint", { atOnce: true });
  t.equal(keyring.signer("checkpoint").kid, next);
});

t.test("another process learns of a rotation when it reads again", async (t) => {
  const { options } = setup(join(testFolder(t), "keys"));
  const told: string[] = [];
  const rotated = (purpose: string, kid: string) => told.push(purpose, kid);
  const [one, two] = [await openKeyring(options), await openKeyring({ ...options, rotated })];
  const next = await one.rotate("token", { atOnce: true });
  t.not(two.signer("token").kid, next);
  await two.reload();
  await two.reload();
  t.equal(two.signer("token").kid, next);
  t.strictSame(told, ["token", next], "and says so, once");
});

t.test("keys that were replaced long ago leave the disk", async (t) => {
  const folder = join(testFolder(t), "keys");
  const { time, options } = setup(folder);
  const keyring = await openKeyring(options);
  await keyring.rotate("token", { atOnce: true });
  time.now += 8 * DAY;
  await keyring.rotate("token", { atOnce: true });
  const files = (await readdir(folder)).filter((file) => file.startsWith("token"));
  t.strictSame(files.sort(), ["token.0002.json", "token.0003.json"]);
});

t.test(
  "keys of checkpoints stay, however long ago they were replaced: records are checked for years",
  async (t) => {
    const folder = join(testFolder(t), "keys");
    const { time, options } = setup(folder);
    const keyring = await openKeyring(options);
    const first = keyring.signer("checkpoint").kid;
    await keyring.rotate("checkpoint", { atOnce: true });
    time.now += 400 * DAY;
    await keyring.rotate("checkpoint", { atOnce: true });
    t.equal(keyring.published("checkpoint").length, 3);
    t.equal(keyring.published("checkpoint")[0]?.kid, first);
    const files = (await readdir(folder)).filter((file) => file.startsWith("checkpoint"));
    t.equal(files.length, 3);
  },
);

t.test("a key of one's own file signs, and the replaced one stays published", async (t) => {
  const dir = testFolder(t, { "a.pem": generatePem("token") });
  const file = join(dir, "a.pem");
  const { options } = setup(join(dir, "keys"), { files: { token: [file] } });
  const keyring = await openKeyring(options);
  const old = keyring.signer("token").kid;
  await writeFile(file, generatePem("token"));
  await keyring.reload();
  t.not(keyring.signer("token").kid, old);
  t.equal(keyring.jwks().keys[0]?.kid, old);
  await t.rejects(keyring.rotate("token"), { code: "usage" });
});

t.test("a damaged key at start is a fault, at reload the old one stays", async (t) => {
  const folder = join(testFolder(t), "keys");
  const { options, errors } = setup(folder);
  const keyring = await openKeyring(options);
  const { kid } = keyring.signer("token");
  await chmod(join(folder, "token.0001.json"), 0o600);
  await writeFile(join(folder, "token.0001.json"), "{");
  await keyring.reload();
  t.equal(keyring.signer("token").kid, kid);
  t.equal(errors.length, 1);
  await t.rejects(openKeyring(options), { name: "Fault", code: "key-unreadable" });
});

t.test("a key of the wrong kind is refused by name", async (t) => {
  const dir = testFolder(t, { "a.pem": generatePem("checkpoint") });
  const { options } = setup(join(dir, "keys"), { files: { token: [join(dir, "a.pem")] } });
  const fault = await openKeyring(options).then(
    () => null,
    (error: unknown) => error,
  );
  t.ok(fault instanceof Fault);
  t.match(fault, { code: "key-unreadable", detail: /ES256/ });
});
