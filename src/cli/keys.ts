import { join } from "node:path";
import { readGenerations } from "../keys/folder.ts";
import { type Keyring, openKeyring } from "../keys/keyring.ts";
import { ALGORITHMS } from "../keys/material.ts";
import { signerAt } from "../keys/series.ts";
import { type CommandIo, command, FLAG, TEXT } from "./command.ts";
import { CLOCK } from "./config.ts";
import { warnings } from "./log.ts";

const USAGE = `guise keys list   [--data DIR] [--json]
guise keys rotate [--data DIR] [--json] [--key token|checkpoint] [--now]

  --data DIR   the data folder (default: data, or GUISE_DATA)
  --key NAME   which key to replace (default: token)
  --now        sign with the new key at once instead of after five minutes; apps that
               remember the old list of keys may refuse tokens until they fetch it again
`;

/** `guise keys`: shows the signing keys and replaces them. */
export const keys = command({
  name: "keys",
  describe: "list the signing keys, or replace one",
  usage: USAGE,
  options: { data: TEXT, json: FLAG, key: { type: "string", default: "token" }, now: FLAG },
  read: ({ values, positionals: [verb = values.help ? "list" : "", ...more] }) => {
    const { key } = values;
    if ((verb !== "list" && verb !== "rotate") || more.length > 0) return "say list or rotate";
    if (key !== "token" && key !== "checkpoint") return `there is no key called ${key}`;
    return { ...values, verb, key } as const;
  },
  async run(words, io) {
    const folder = join(words.data ?? io.env.GUISE_DATA ?? "data", "keys");
    if ((await readGenerations(folder, words.key)).length === 0) {
      io.err(`there are no keys in ${folder} yet; the gateway makes them when it starts\n`);
      return 1;
    }
    const keyring = await open(folder, io);
    if (words.verb === "rotate") await keyring.rotate(words.key, { atOnce: words.now });
    print(keyring, words.json, io);
    return 0;
  },
});

function open(folder: string, io: CommandIo): Promise<Keyring> {
  const log = warnings((_, message) => io.err(`${message}\n`));
  return openKeyring({ folder, clock: CLOCK, log, reloadEvery: 0 });
}

function print(keyring: Keyring, json: boolean, io: CommandIo): void {
  const now = Date.now();
  const rows = (["token", "checkpoint"] as const).flatMap((purpose) => {
    const all = keyring.published(purpose);
    const signer = signerAt(all, now);
    return all.map((key) => ({
      purpose,
      algorithm: ALGORITHMS[purpose],
      kid: key.kid,
      state: key === signer ? "signs" : key.activeFrom > now ? "next" : "old",
      createdAt: new Date(key.createdAt).toISOString(),
      activeFrom: new Date(key.activeFrom).toISOString(),
      jwk: key.jwk,
    }));
  });
  if (json) {
    io.out(`${JSON.stringify({ keys: rows }, null, 2)}\n`);
    return;
  }
  for (const row of rows) {
    io.out(`${row.purpose.padEnd(10)}  ${row.state.padEnd(5)}  ${row.kid}  from ${row.activeFrom}\n`);
  }
}
