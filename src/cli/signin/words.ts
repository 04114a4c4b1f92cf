import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import type { CommandIo } from "../command.ts";

export const USAGE = `guise signin try --as ID [--app NAME] [--at URL] [--agent ID] [--reason TEXT] [--ticket TEXT] [--json] [-c FILE] [--data DIR]

  --as ID            whom the app is to see; name and e-mail are those of \`users\`
  --app NAME         which of several apps
  --at URL           what browsers call the app (default: \`publicUrl\`, or a host of it)
  --agent ID         who is at the keyboard (default: who runs this)
  --reason TEXT      for steps that say {impersonation.reason}
  --ticket TEXT      for steps that say {impersonation.ticket}
  --json             as JSON
  -c, --config FILE  the config, which has the steps (default: routes.config.yaml, or GUISE_CONFIG)
  --data DIR         the data folder (default: the config's \`data\`, or GUISE_DATA)

Takes the steps of \`signIn\` as the gateway does, says of each what the app answered and which cookies it set, by name, and whom the
app sees in the end. Then the session is ended by the steps of \`end\`. No secret, cookie or token is shown. It is on record.
Exit code 1 where the app doesn't name this person. Run this as the user of the gateway.
`;

export interface TryWords {
  readonly as: string;
  readonly app: string | null;
  /** An origin; null: as the config has it. */
  readonly at: string | null;
  readonly agent: string;
  readonly reason: string | null;
  readonly ticket: string | null;
  readonly json: boolean;
  readonly help: boolean;
  readonly config: string;
  /** null: the config's. */
  readonly data: string | null;
}

/** The words of the command line, or what is wrong with them. */
export function parseWords(args: readonly string[], io: Pick<CommandIo, "env">): TryWords | string {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      as: { type: "string" },
      app: { type: "string" },
      at: { type: "string" },
      agent: { type: "string" },
      reason: { type: "string" },
      ticket: { type: "string" },
      json: { type: "boolean", default: false },
      config: { type: "string", short: "c" },
      data: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { as = "", at = null } = values;
  if (!values.help && (positionals.length !== 1 || positionals[0] !== "try")) return "say try";
  if (!values.help && as === "") return "say whom the app is to see: --as ID";
  if (at !== null && !(URL.canParse(at) && /^https?:$/.test(new URL(at).protocol)))
    return "--at is an address, like https://app.example.com";
  return {
    as,
    app: values.app ?? null,
    at: at === null ? null : new URL(at).origin,
    agent: values.agent ?? userInfo().username,
    reason: values.reason ?? null,
    ticket: values.ticket ?? null,
    json: values.json,
    help: values.help,
    config: values.config ?? io.env.GUISE_CONFIG ?? "routes.config.yaml",
    data: values.data ?? io.env.GUISE_DATA ?? null,
  };
}
