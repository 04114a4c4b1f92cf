import { parseArgs } from "node:util";
import type { CommandIo } from "../command.ts";

export const USAGE = `guise sessions list    [--agent ID] [--json] [-c FILE] [--data DIR]
guise sessions end ID… [--json] [-c FILE] [--data DIR]
guise sessions end-all [--agent ID] [--json] [-c FILE] [--data DIR]

  --agent ID         only those of this person at the keyboard
  --json             as JSON
  -c, --config FILE  the config, which names the store (default: routes.config.yaml, or GUISE_CONFIG)
  --data DIR         the data folder (default: the config's \`data\`, or GUISE_DATA)

An end counts on every gateway of the store within a second, open sockets and event streams included, and is on record.
So that nobody begins anew, write \`impersonation: off\` into the config first. Run this as the user of the gateway.
`;

export interface SessionWords {
  readonly verb: "list" | "end" | "end-all";
  readonly ids: readonly string[];
  readonly agent: string | null;
  readonly json: boolean;
  readonly help: boolean;
  readonly config: string;
  /** null: the config's. */
  readonly data: string | null;
}

/** The words of the command line, or what is wrong with them. */
export function parseWords(args: readonly string[], io: Pick<CommandIo, "env">): SessionWords | string {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      agent: { type: "string" },
      json: { type: "boolean", default: false },
      config: { type: "string", short: "c" },
      data: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [verb = values.help ? "list" : "", ...ids] = positionals;
  if (verb !== "list" && verb !== "end" && verb !== "end-all") return "say list, end or end-all";
  if (verb === "end" && ids.length === 0 && !values.help) return "say which: guise sessions end ID";
  if (verb !== "end" && ids.length > 0) return `${verb} takes no ids`;
  if (verb === "end" && values.agent !== undefined) return "end takes ids; end-all takes --agent";
  return {
    verb,
    ids,
    agent: values.agent ?? null,
    json: values.json,
    help: values.help,
    config: values.config ?? io.env.GUISE_CONFIG ?? "routes.config.yaml",
    data: values.data ?? io.env.GUISE_DATA ?? null,
  };
}
