import type { Mail, Mailer } from "../../clients/mail.ts";
import type { Settings } from "../../config/snapshot.ts";
import { type Letter, type LetterFacts, letterOf } from "../../domain/consent/letters.ts";
import { textsFor, textsOf } from "../../domain/consent/texts.ts";
import type { Clock, Log } from "../../ports.ts";
import type { Notice } from "../../sessions/consent/notice.ts";
import type { Outbox } from "../../sessions/consent/outbox.ts";
import type { SealedValues } from "../../sessions/sealed-values.ts";
import { Deliveries } from "../services/deliveries.ts";
import type { LinkedAsk, Notices } from "../services/services.ts";

interface NoticesDeps {
  readonly outbox: Outbox<Notice>;
  readonly links: SealedValues<LinkedAsk>;
  readonly clock: Clock;
  readonly log: Log;
  readonly mailer: Mailer;
  readonly settings: () => Settings;
  readonly newId: () => string;
  /** What was done in an access; null where that can't be found out just now. */
  readonly done: (access: string) => Promise<LetterFacts["done"]>;
  /** Told of each that a server has taken, or that is given up. */
  readonly settled: (notice: Notice, delivered: boolean) => Promise<void>;
  /** How often what waits is tried again, ms; 5000 unless given. */
  readonly every?: number;
}

const MINUTE = 60_000;

export function notices(deps: NoticesDeps): Notices {
  const { links, clock, newId } = deps;
  /** Null: it was taken. */
  const send = async (notice: Notice): Promise<unknown> => {
    const { mail } = deps.settings();
    if (mail === null) return new Error("there is no `mail` in the config any more");
    const { from, replyTo } = mail;
    const { id, to } = notice;
    const letter: Mail = { from, replyTo, to, id, ...(await letterIn(notice, deps.done)) };
    await deps.mailer(mail.url, letter);
    return null;
  };
  const sending = new Deliveries({ ...deps, what: "notices to customers", send });
  return {
    async tell({ mail, access, prefix, ...settings }, customer, facts, more = {}) {
      const base = settings.console?.origin ?? settings.publicUrl;
      if (mail === null || base === null || customer.email === null) return;
      const { link = null, access: over = null, of = null, member = null } = more;
      // An answered ask shows for a while what became of it.
      const secret = link === null ? null : await links.keep(link, facts.until - clock.now() + access.keep);
      const named = member === null ? "" : `?for=${encodeURIComponent(member)}`;
      const page = `${base}${prefix}/access${secret === null ? named : `?link=${secret}`}`;
      const texts = textsFor(customer.language, access.language);
      const letter: Letter = letterOf(facts, page, texts);
      const now = clock.now();
      await sending.add({
        ...{ id: newId(), customer: customer.id, to: customer.email, ...letter, about: facts.kind },
        ...{ at: now, keepUntil: now + mail.keep, next: now, tries: 0 },
        ...(of === null ? {} : { of }),
        ...(over === null ? {} : { over: { access: over, facts, page, language: texts.language } }),
      });
    },
    overdue(customer) {
      const now = clock.now();
      return sending.waiting().some((it) => it.customer === customer && now - it.at > MINUTE);
    },
    deliver: () => sending.deliver(),
    close: () => sending.close(),
  };
}

async function letterIn(notice: Notice, doneIn: NoticesDeps["done"]): Promise<Letter> {
  const { subject, text, html, over } = notice;
  const done = over === undefined ? null : await doneIn(over.access);
  if (over === undefined || done === null) return { subject, text, html };
  return letterOf({ ...over.facts, done }, over.page, textsOf(over.language ?? "en"));
}
