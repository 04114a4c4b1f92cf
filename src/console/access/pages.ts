import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { CheckpointKey } from "../../audit/journal/checkpoint.ts";
import type { Archive } from "../../audit/search/archive.ts";
import { Fault } from "../../errors.ts";
import type { Services } from "../../gateway/services/services.ts";
import { html } from "../html.ts";
import { homeOf, parameter, sendPage, type Visitor, visitor } from "../visitor.ts";
import { say } from "./deeds.ts";
import { exported } from "./export.ts";
import { membersPage } from "./members.ts";
import { accessesOf, onePast } from "./past.ts";
import { receiptFor } from "./receipt.ts";
import { type Customer, consentsFor, customerAt, voidIfMoved } from "./saying.ts";
import { customerPage, textsAt } from "./texts.ts";
import { accessPage } from "./view.ts";

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
  fastify.get("/access", async (request, reply) => {
    const who = await visitor(services, request);
    const customer = await customerAt(services, who, namedIn(request));
    if (customer === null) return await sendPage(reply, 401, signedOut(who));
    await voidIfMoved(services, request, customer);
    const one = parameter(request, "access");
    if (one !== null && customer.link === null)
      return await past(services, archive, reply, who, customer, one);
    const ahead = parameter(request, "ahead") !== null;
    const page = await overview(services, archive, who, customer, { code: null, ahead });
    return await sendPage(reply, 200, page);
  });
  fastify.post("/access", async (request, reply) => {
    const who = await visitor(services, request);
    return await say(services, request, reply, who, async (customer, code) => {
      return await overview(services, archive, who, customer, { code, ahead: false });
    });
  });
  fastify.get("/access/members", async (request, reply) => {
    const who = await visitor(services, request);
    if (who.trueUser === null) return await sendPage(reply, 401, signedOut(who));
    return await sendPage(reply, 200, await membersPage(services, archive, who, who.trueUser));
  });
  fastify.get("/access/export", async (request, reply) => {
    const who = await visitor(services, request);
    const customer = await customerAt(services, who, { ...namedIn(request), link: null });
    if (customer === null) return await sendPage(reply, 401, signedOut(who));
    const format = parameter(request, "format") === "csv" ? "csv" : "json";
    const file = await exported({ services, archive, customer, texts: textsAt(who) }, format);
    const type = format === "csv" ? "text/csv; charset=utf-8" : "application/json; charset=utf-8";
    return await sendFile(reply, { name: `access.${format}`, type, text: file });
  });
  fastify.get("/access/receipt", async (request, reply) => {
    const who = await visitor(services, request);
    const customer = await customerAt(services, who, { ...namedIn(request), link: null });
    if (customer === null) return await sendPage(reply, 401, signedOut(who));
    const access = parameter(request, "access") ?? "";
    const { person } = customer;
    const text = await receiptFor({ services, archive, customer: person, key: receiptKey() }, who, access);
    if (text === null) throw new Fault("not-found", "this customer has no such access that is over");
    return await sendFile(reply, { name: "receipt.jws", type: "application/jose", text: `${text}\n` });
  });
}

function namedIn(request: FastifyRequest) {
  return { link: parameter(request, "link"), member: parameter(request, "for") };
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
  services: Services,
  archive: Archive,
  who: Visitor,
  customer: Customer,
  more: Pick<Parameters<typeof accessPage>[2], "code" | "ahead">,
): Promise<string> {
  const alone = customer.link !== null;
  const said = await consentsFor(services, customer);
  const running = alone
    ? []
    : (await services.impersonations.list()).filter((it) => it.effectiveUser.id === customer.person.id);
  const accesses = alone ? [] : await accessesOf(services, archive, customer.person);
  return accessPage(services, who, { customer, said, running, accesses, ...more, now: services.clock.now() });
}

async function past(
  services: Services,
  archive: Archive,
  reply: FastifyReply,
  who: Visitor,
  customer: Customer,
  impersonation: string,
): Promise<FastifyReply> {
  const page = await onePast(services, archive, who, customer, impersonation);
  if (page === null) throw new Fault("not-found", "this customer has no such access");
  return await sendPage(reply, 200, page);
}

function signedOut(who: Visitor): string {
  const texts = textsAt(who);
  const { signedOut: title, signInFirst, toApp } = texts.words.page;
  const body = html`<section class="card" data-reason="signed-out"><h1>${title}</h1>
<p class="lead">${signInFirst}</p>
<div class="actions"><a class="button" href="${homeOf(who)}">${toApp}</a></div></section>`;
  return customerPage(who, texts, { title, body });
}
