import { Fault } from "../../errors.ts";
import { CONFIG, type CommandIo, command, type Given, TEXT, USUAL_CONFIG } from "../command.ts";
import { withConfig } from "../config.ts";
import { warnings } from "../log.ts";
import { apache } from "./apache.ts";
import { caddy } from "./caddy.ts";
import { envoy } from "./envoy.ts";
import { haproxy } from "./haproxy.ts";
import { httproute } from "./httproute.ts";
import { nginx } from "./nginx.ts";
import { planOf, type SplitPlan } from "./plan.ts";
import { traefik } from "./traefik.ts";

const KINDS: Readonly<Record<string, (plan: SplitPlan) => string>> = {
  nginx,
  haproxy,
  caddy,
  traefik,
  envoy,
  apache,
  httproute,
};
const NAMES = Object.keys(KINDS);

const USAGE = `guise split ${NAMES.join("|")} [-c FILE] [--app NAME] [--host NAME] [--listen PORT] [--guise HOST:PORT]

  -c, --config FILE   the config (default: routes.config.yaml, or GUISE_CONFIG)
  --app NAME          which app, where the config has several
  --host NAME         the app's own name (default: that of \`publicUrl\`, or any)
  --listen PORT       where browsers come in (default: 80)
  --guise HOST:PORT   where the gateway listens (default: 127.0.0.1:8000)
`;

const OPTIONS = {
  config: CONFIG,
  app: TEXT,
  host: TEXT,
  listen: { type: "string", default: "80" },
  guise: { type: "string", default: "127.0.0.1:8000" },
} as const;

/** `guise split`: what sends agents to the gateway, and everybody else straight to the app. */
export const split = command({
  name: "split",
  describe: "print the block with which a proxy sends only agents through the gateway",
  usage: USAGE,
  options: OPTIONS,
  read,
  run,
});

type Words = Exclude<ReturnType<typeof read>, string>;

function read({ values, env, positionals: [kind = "", ...more] }: Given<typeof OPTIONS>) {
  const { help, listen, guise, app = null, host = null } = values;
  if (!help && (!Object.hasOwn(KINDS, kind) || more.length > 0)) return `say one of ${NAMES.join(", ")}`;
  if (!/^\d{1,5}$/.test(listen) || Number(listen) > 65_535) return "a port is a number from 0 to 65535";
  if (!/^(?:[\w.-]+|\[[\da-f:]+\]):\d{1,5}$/i.test(guise)) return "--guise is HOST:PORT";
  if (host !== null && !/^[\w.-]+$/.test(host)) return "--host is a host's name";
  return {
    kind,
    config: values.config ?? env.GUISE_CONFIG ?? USUAL_CONFIG,
    app,
    host,
    listen: Number(listen),
    guise,
  };
}

async function run(words: Words, io: CommandIo): Promise<number> {
  const log = warnings((_, message) => io.err(`${message}\n`));
  return await withConfig(words.config, io, log, ({ snapshot }) => {
    const print = KINDS[words.kind];
    if (print === undefined) throw new Fault("internal", `nothing prints ${words.kind}`);
    io.out(print(planOf(snapshot, words)));
    return 0;
  });
}
