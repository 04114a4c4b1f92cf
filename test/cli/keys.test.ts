import { join } from "node:path";
import t from "tap";
import { keys } from "../../src/cli/keys.ts";
import { openKeyring } from "../../src/keys/keyring.ts";
import { testFolder } from "../fixtures/test-folder.ts";

async function run(args: readonly string[]) {
  const said = { out: "", err: "" };
  const code = await keys.run(args, {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    env: {},
  });
  return { code, ...said };
}

async function made(data: string) {
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  await openKeyring({ folder: join(data, "keys"), clock, log: console, reloadEvery: 0 });
}

t.test("list names the keys and which of them signs", async (t) => {
  const data = testFolder(t);
  await made(data);
  const { code, out } = await run(["list", "--data", data]);
  t.equal(code, 0);
  t.match(out, /token +signs.*\ncheckpoint +signs/);
});

t.test("rotate adds the next key and says so as JSON without private parts", async (t) => {
  const data = testFolder(t);
  await made(data);
  const { code, out } = await run(["rotate", "--data", data, "--json"]);
  t.equal(code, 0);
  const states = JSON.parse(out).keys.map(
    (key: { purpose: string; state: string }) => key.purpose + key.state,
  );
  t.strictSame(states, ["tokensigns", "tokennext", "checkpointsigns"]);
  t.notMatch(out, /"d"/);
});

t.test("where there are no keys, none are made", async (t) => {
  const data = testFolder(t);
  t.match(await run(["list", "--data", data]), { code: 1, err: /no keys/ });
  t.match(await run(["list", "--data", data]), { code: 1 });
});

t.test("words that are not known are answered with the usage", async (t) => {
  for (const args of [[], ["frob"], ["list", "more"], ["list", "--what"], ["rotate", "--key", "data"]]) {
    t.match(await run(args), { code: 2, err: /guise keys list/ }, args.join(" "));
  }
});
