import { createHmac, timingSafeEqual } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { Fault } from "../../errors.ts";
import { type Html, html } from "../html.ts";
import { linkBase } from "../visitor.ts";

/** Addresses of one customer that get a button. */
const MOST = 5;
const LONGEST_BODY = 256 * 1024;

/**
 * `POST hooks/helpscout`: a button beside a conversation, for Help Scout, which signs what it asks. The answer is made of what was asked
 * alone, and its links open nothing by themselves: so one that is sent again tells nobody anything.
 */
export function helpScoutHook(fastify: FastifyInstance): void {
  void fastify.register(async function helpScout(scope) {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    scope.post("/hooks/helpscout", { bodyLimit: LONGEST_BODY }, async ({ received, body }, reply) => {
      const { helpdesk } = received.snapshot.settings;
      if (helpdesk.helpscout === null) throw new Fault("not-found", "the config has no `helpdesk.helpscout`");
      reply.header("cache-control", "no-store");
      const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
      const signature = received.raw.headers["x-helpscout-signature"];
      if (!isSigned(bytes, signature, helpdesk.helpscout.secret))
        return await reply.code(403).type("application/json").send({ code: "forbidden" });
      const { text } = buttons(linkBase(received), bytes.toString("utf8"));
      return await reply.type("application/json").send({ html: text });
    });
  });
}

/** HMAC-SHA1 of the bytes that came, base64. */
function isSigned(bytes: Buffer, said: unknown, secret: string): boolean {
  const right = createHmac("sha1", secret).update(bytes).digest();
  const given = Buffer.from(typeof said === "string" ? said : "", "base64");
  return given.length === right.length && timingSafeEqual(given, right);
}

function buttons(base: string, text: string): Html {
  const { customer, ticket } = asked(text);
  const all = new Set([textIn(customer, "email"), ...listIn(customer, "emails")]);
  const emails = [...all].filter((it) => it !== null).slice(0, MOST);
  const number = numberIn(ticket);
  if (emails.length === 0) return html`<p>This customer has no e-mail address here.</p>`;
  return html`<ul>${emails.map((email) => {
    const query = new URLSearchParams({ email, ...(number === null ? {} : { ticket: number }) });
    return html`<li><a href="${base}/as?${query.toString()}" target="_blank" rel="noopener">View the app as ${email}</a></li>`;
  })}</ul>`;
}

type Fields = Readonly<Record<string, unknown>>;

/** Throws a Fault `bad-request` for what is no JSON. */
function asked(text: string): { readonly customer: Fields; readonly ticket: Fields } {
  try {
    const { customer, ticket } = fields(JSON.parse(text));
    return { customer: fields(customer), ticket: fields(ticket) };
  } catch (cause) {
    throw new Fault("bad-request", "what Help Scout signed is no JSON", { cause });
  }
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function textIn(of: Fields, name: string): string | null {
  const value = of[name];
  return typeof value === "string" && value !== "" && value.length <= 320 ? value : null;
}

function listIn(of: Fields, name: string): readonly (string | null)[] {
  const value: unknown = of[name];
  return Array.isArray(value) ? value.map((email: unknown) => textIn({ email }, "email")) : [];
}

/** The number that people see; the id where there is none. */
function numberIn(ticket: Fields): string | null {
  const number = [ticket.number, ticket.id].find((it) => typeof it === "number" || typeof it === "string");
  return number === undefined ? null : String(number).slice(0, 200);
}
