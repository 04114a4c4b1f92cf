import { createHash, randomBytes } from "node:crypto";
import { Fault } from "../errors.ts";
import { parseDuration } from "../units.ts";
import { command, FLAG } from "./command.ts";

const USAGE = `guise token NAME [--lasts TIME] [--json]

  NAME          what the token is called on record
  --lasts TIME  how long it counts (default: 90d, at most 366d)
  --json        the same as JSON

Prints a new token, once, and what to write into the config for it. Nothing is kept.
`;

const DAY = 86_400_000;

/** `guise token`: makes a token of a program. Who may change the config says which count. */
export const token = command({
  name: "token",
  describe: "make a token for a program",
  usage: USAGE,
  options: { lasts: { type: "string", default: "90d" }, json: FLAG },
  read: ({ values, positionals: [name = "", ...more] }) => {
    if (!values.help && (!/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name) || more.length > 0))
      return "say one name";
    return { ...values, name };
  },
  run: async ({ name, lasts, json }, io) => {
    const time = parseDuration(lasts);
    if (time === null || time < DAY || time > 366 * DAY)
      throw new Fault("usage", "--lasts: write a length of time from 1d to 366d");
    const secret = `guise_${randomBytes(32).toString("base64url")}`;
    const hash = `sha256:${createHash("sha256").update(secret).digest("hex")}`;
    const expires = new Date(Date.now() + time).toISOString().slice(0, 10);
    if (json) io.out(`${JSON.stringify({ name, token: secret, hash, expires }, null, 2)}\n`);
    else
      io.out(
        `${secret}\n\nThis is the only time that it is shown. For the config:\n\napi:\n  tokens:\n    - { name: ${name}, hash: "${hash}", rights: [start], expires: "${expires}" }\n`,
      );
    return 0;
  },
});
