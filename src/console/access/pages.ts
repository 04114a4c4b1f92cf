import type { FastifyInstance, FastifyReply } from "fastify";
import type { CheckpointKey } from "../../audit/journal/checkpoint.ts";
import type { Archive } from "../../audit/search/archive.ts";
import { Fault } from "../../errors.ts";
import type { Services } from "../../gateway/services/services.ts";
import { html } from "../html.ts";
import { homeOf, isKnown, parameter, routes, sendPage, type Visitor, visited, visitor } from "../visitor.ts";
import { say } from "./actions.ts";
import { exported } from "./export.ts";
import { membersPage } from "./members.ts";
import { accessesOf, onePast } from "./past.ts";
import { receiptFor } from "./receipt.ts";
import { type Customer, consentsFor, customerAt, voidIfMoved } from "./saying.ts";
import { customerPage, textsAt } from "./texts.ts";
import { type AccessView, accessPage } from "./view.ts";

interface AccessParts {
  readonly archive: Archive;
  readonly receiptKey: () => CheckpointKey;
}

/**
 * `GET access`: the customer's own page. `POST access`: what they say there. `GET access/export`: all that they can see, as a file.
 * `GET access/receipt`: what they can show of one access. `GET access/members`: whom an approver answers for.
 */
export function accessPages(
  fastify: FastifyInstance,
  services: Services,
  { archive, receiptKey }: AccessParts,
): void {
  const customers = forCustomers(fastify, services, false);
  const linked = forCustomers(fastify, services, true);
  const pages = visited(fastify, services);
  linked.get("/access", async (who, customer) => {
    await voidIfMoved(who, customer);
    const one = parameter(who.request, "access");
    if (one !== null && customer.link === null) return await past(archive, who, customer, one);
    const ahead = parameter(who.request, "ahead") !== null;
    return await sendPage(who.reply, 200, await overview(archive, who, customer, { code: null, ahead }));
  });
  pages.post("/access", async (who) => {
    return await say(who, (customer, code) => overview(archive, who, customer, { code, ahead: false }));
  });
  pages.get("/access/members", async (who) => {
    if (!isKnown(who)) return await sendPage(who.reply, 401, signedOut(who));
    return await sendPage(who.reply, 200, await membersPage(archive, who));
  });
  customers.get("/access/export", async (who, customer) => {
    const format = parameter(who.request, "format") === "csv" ? "csv" : "json";
    const text = await exported(archive, who, customer, format);
    const type = format === "csv" ? "text/csv; charset=utf-8" : "application/json; charset=utf-8";
    return await sendFile(who.reply, { name: `access.${format}`, type, text });
  });
  customers.get("/access/receipt", async (who, { person: customer }) => {
    const about = { impersonation: parameter(who.request, "access") ?? "", key: receiptKey() };
    const text = await receiptFor(archive, who, customer, about);
    if (text === null) throw new Fault("not-found", "this customer has no such access that is over");
    return await sendFile(who.reply, { name: "receipt.jws", type: "application/jose", text: `${text}\n` });
  });
}

/** Routes for the customer who is there, or is named; `byLink`: also by the link of a mail. */
function forCustomers(fastify: FastifyInstance, services: Services, byLink: boolean) {
  type Answer = (who: Visitor, customer: Customer) => Promise<FastifyReply>;
  return routes(fastify, (answer: Answer) => async (request, reply) => {
    const who = await visitor(services, reply);
    const link = byLink ? parameter(request, "link") : null;
    const customer = await customerAt(who, { link, member: parameter(request, "for") });
    return customer === null ? await sendPage(reply, 401, signedOut(who)) : await answer(who, customer);
  });
}

async function sendFile(
  reply: FastifyReply,
  { name, type, text }: { readonly name: string; readonly type: string; readonly text: string },
): Promise<FastifyReply> {
  return await reply
    .header("content-type", type)
    .header("content-disposition", `attachment; filename="${name}"`)
    .header("cache-control", "no-store")
    .send(text);
}

/** `code`: one that was made just now, to be shown once. */
async function overview(
  archive: Archive,
  who: Visitor,
  customer: Customer,
  more: Pick<AccessView, "code" | "ahead">,
): Promise<string> {
  const { services } = who;
  const alone = customer.link !== null;
  const said = await consentsFor(services, customer);
  const running = alone
    ? []
    : (await services.impersonations.list()).filter((it) => it.effectiveUser.id === customer.person.id);
  const accesses = alone ? [] : await accessesOf(services, archive, customer.person);
  return accessPage(who, { customer, said, running, accesses, ...more, now: services.clock.now() });
}

async function past(
  archive: Archive,
  who: Visitor,
  customer: Customer,
  impersonation: string,
): Promise<FastifyReply> {
  const page = await onePast(archive, who, customer, impersonation);
  if (page === null) throw new Fault("not-found", "this customer has no such access");
  return await sendPage(who.reply, 200, page);
}

function signedOut(who: Visitor): string {
  const texts = textsAt(who);
  const { signedOut: title, signInFirst, toApp } = texts.words.page;
  const body = html`<section class="card" data-reason="signed-out"><h1>${title}</h1>
<p class="lead">${signInFirst}</p>
<div class="actions"><a class="button" href="${homeOf(who)}">${toApp}</a></div></section>`;
  return customerPage(who, texts, { title, body });
}
