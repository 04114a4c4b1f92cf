import type { CheckpointKey } from "../../audit/journal/checkpoint.ts";
import { signReceipt, stretchesOf } from "../../audit/receipt/receipt.ts";
import { type Link, linkOf } from "../../audit/record/hash-chain.ts";
import { type Written, writtenOf } from "../../audit/record/parse.ts";
import type { Archive } from "../../audit/search/archive.ts";
import type { Mark } from "../../audit/search/search.ts";
import type { Identity } from "../../domain/identity.ts";
import { Fault } from "../../errors.ts";
import { iso } from "../moment.ts";
import type { Visitor } from "../visitor.ts";
import { accessesOf, questionOf } from "./past.ts";

/** Records that are asked for at once. */
const PAGE = 500;

/** The signed receipt of one access; null where this customer has no such access that is over. */
export async function receiptFor(
  archive: Archive,
  { services, received }: Visitor,
  customer: Identity,
  { impersonation, key }: { readonly impersonation: string; readonly key: CheckpointKey },
): Promise<string | null> {
  const accesses = await accessesOf(services, archive, customer);
  if (accesses === null) throw new Fault("audit-unavailable", "records can not be read just now");
  const access = accesses.find(({ id }) => id === impersonation);
  if (access === undefined || access.until === null) return null;
  const { receiptRecords } = received.snapshot.settings.access;
  const { links, reason, ticket } = await placesOf(archive, impersonation, receiptRecords);
  const { who, looked, changed, refused } = access;
  const times = { from: iso(access.from), until: iso(access.until) };
  const said = { ...(reason === undefined ? {} : { reason }), ...(ticket === undefined ? {} : { ticket }) };
  const facts = {
    iss: received.site.origin,
    iat: Math.floor(services.clock.now() / 1000),
    sub: customer.id,
    jti: impersonation,
    access: { who, ...times, ...said, looked, changed, refused },
    records: [...stretchesOf(links)],
  };
  return await signReceipt(facts, key);
}

/** Where each record of an access stands, and what was said when it began. Throws where one of them is not as it was written. */
async function placesOf(archive: Archive, impersonation: string, most: number) {
  const links: Link[] = [];
  let said: Partial<Written["event"]> = {};
  for await (const line of linesOf(archive, impersonation)) {
    const record = writtenOf(line);
    if (record?.guise.impersonation !== impersonation) continue;
    const link = linkOf(Buffer.from(line));
    if (link === null)
      throw new Fault("audit-unavailable", "a record of the access is not as it was written");
    links.push(link);
    if (record.event.action === "impersonation.started") said = record.event;
    if (links.length > most)
      throw new Fault("too-large", "the access has more records than `access.receiptRecords`");
  }
  return { links, reason: said.reason, ticket: said.reference };
}

/** All lines of an access; a search leaves intents out unless it is for them. */
async function* linesOf(archive: Archive, impersonation: string): AsyncGenerator<string> {
  for (const action of [null, "impersonation.intent"]) {
    let beyond: Mark | null = null;
    do {
      const question = { ...questionOf(null, impersonation), action };
      const page: Awaited<ReturnType<Archive["search"]>> = await archive.search(question, PAGE, beyond);
      yield* page.lines;
      beyond = page.beyond;
    } while (beyond !== null);
  }
}
