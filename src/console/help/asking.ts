import type { FastifyInstance, FastifyReply } from "fastify";
import type { Redact } from "../../audit/record/redact.ts";
import type { Settings } from "../../config/snapshot.ts";
import type { HelpRequest } from "../../domain/help/help.ts";
import type { Identity } from "../../domain/identity.ts";
import { plain } from "../../domain/plain.ts";
import { Fault } from "../../errors.ts";
import { eventOf } from "../../gateway/audit/audit-event.ts";
import type { Received } from "../../gateway/request.ts";
import type { Services } from "../../gateway/services/services.ts";
import { isSomebodyElse } from "../access/saying.ts";
import { linkBase, visitor } from "../visitor.ts";

type Help = NonNullable<Settings["help"]>;

/** Of a request without its picture. */
const LARGEST_TEXT = 64 * 1024;
const MOST_MESSAGE = 5_000;
const MOST_TROUBLE = 20;
const MOST_LINE = 500;

/** `POST ask-for-help`: somebody asks for help, on a page of the app of their own. Who they are is for the identity sources to say. */
export function askForHelpPage(fastify: FastifyInstance, services: Services): void {
  void fastify.register(async function help(scope) {
    scope.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
      try {
        done(null, JSON.parse(String(body)));
      } catch (cause) {
        done(new Fault("bad-request", "the body of a request for help is no JSON", { cause }));
      }
    });
    scope.post("/ask-for-help", { bodyLimit: 4 * 1024 * 1024 }, async (_request, reply) =>
      ask(services, reply),
    );
  });
}

async function ask(services: Services, reply: FastifyReply): Promise<FastifyReply> {
  const { request } = reply;
  const { received } = request;
  const { settings } = received.snapshot;
  const { help } = settings;
  if (help === null) throw new Fault("not-found", "the config has no `help`");
  if (isSomebodyElse(received))
    throw new Fault("forbidden", "a browser that views somebody asks for no help as them");
  const { trueUser } = await visitor(services, reply);
  if (trueUser === null)
    return await reply.code(401).header("cache-control", "no-store").send({ code: "signed-out" });
  services.rateLimits.pace(`help ${trueUser.id}`, help.perMinute, received.startedAt, "help.perMinute");
  const asked = requestOf(services, received, trueUser, help, request.body);
  await services.helpQueue.take(asked, help);
  const about = asked.category === null ? "" : `: ${asked.category}`;
  const saying = { action: "help.asked", outcome: "success", trueUser, effectiveUser: null } as const;
  const event = eventOf(services, received, { ...saying, impersonation: null, detail: asked.id + about });
  await services.unrecorded.write(services, event, "a request for help");
  const allow = settings.access.page ? `${settings.prefix}/access?ahead=1` : null;
  return await reply.header("cache-control", "no-store").send({ id: asked.id, allow });
}

function requestOf(
  services: Services,
  received: Received,
  from: Identity,
  help: Help,
  body: unknown,
): HelpRequest {
  const said = typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
  const { redact } = services.helpQueue;
  const message = textIn(said.message, MOST_MESSAGE);
  if (message === null) throw new Fault("bad-request", "a request for help says nothing");
  const screenshot = help.screenshot ? pictureIn(said.screenshot, help.screenshotSize) : null;
  if (JSON.stringify({ ...said, screenshot: null }).length > LARGEST_TEXT)
    throw new Fault("too-large", "a request for help is too long");
  const trouble = Array.isArray(said.trouble) ? said.trouble.slice(-MOST_TROUBLE) : [];
  const id = services.newId();
  return {
    id,
    at: services.clock.now(),
    from,
    message,
    category: help.categories.find((it) => it === said.category) ?? null,
    page: pageIn(received, said.page, redact),
    viewport:
      typeof said.viewport === "string" && /^\d{1,5}x\d{1,5}$/.test(said.viewport) ? said.viewport : null,
    userAgent: textIn(received.raw.headers["user-agent"], MOST_LINE),
    trouble: trouble.flatMap((it) => {
      const line = textIn(it, MOST_LINE);
      return line === null ? [] : plain(withoutSecrets(line, redact), MOST_LINE);
    }),
    screenshot,
    link: `${linkBase(received)}/t/${id}`,
  };
}

/** As in records, and `token=…` that stands by itself in a line of a console. */
function withoutSecrets(line: string, redact: Redact): string {
  return redact(line, "")
    .split(/(\s+)/)
    .map((part) => (part.includes("=") && !part.includes("://") ? redact(part) : part))
    .join("");
}

function textIn(value: unknown, most: number): string | null {
  const text = typeof value === "string" ? value.trim().slice(0, most).toWellFormed() : "";
  return text === "" ? null : text;
}

/** The address of the page, if it is one of this very host's; without secrets, as records have it. */
function pageIn({ site, snapshot }: Received, said: unknown, redact: Redact) {
  if (typeof said !== "string" || !URL.canParse(said)) return null;
  const { origin, pathname, search } = new URL(said);
  if (origin !== site.origin || pathname.startsWith(`${snapshot.settings.prefix}/`)) return null;
  const query = search === "" ? "" : `?${redact(search.slice(1))}`;
  return { origin, target: `${redact(pathname, ":path")}${query}`.slice(0, 2_000) };
}

/** Their first bytes, in base64: what says that it is one must be one. */
const PICTURES = [
  ["image/jpeg", "/9j/"],
  ["image/png", "iVBORw0KGgo"],
] as const;

function pictureIn(said: unknown, largest: number): HelpRequest["screenshot"] {
  if (typeof said !== "string") return null;
  for (const [type, begins] of PICTURES) {
    const before = `data:${type};base64,`;
    const base64 = said.startsWith(before) ? said.slice(before.length) : "";
    if (!base64.startsWith(begins) || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) continue;
    if (base64.length * 0.75 > largest)
      throw new Fault("too-large", "the picture of a request for help is larger than `help.screenshotSize`");
    return { type, base64 };
  }
  return null;
}
