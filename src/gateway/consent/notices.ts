import type { Mail, Mailer } from "../../clients/mail.ts";
import type { Settings } from "../../config/snapshot.ts";
import type { AuditEvent } from "../../domain/audit-event.ts";
import { type Letter, type LetterFacts, letterOf } from "../../domain/consent/letters.ts";
import { textsFor, textsOf } from "../../domain/consent/texts.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Clock, Closing, Log } from "../../ports.ts";
import type { Notice } from "../../sessions/consent/notice.ts";
import type { Outbox } from "../../sessions/consent/outbox.ts";
import type { SealedValues } from "../../sessions/sealed-values.ts";
import { type Deliveries, deliveries } from "../services/deliveries.ts";

/** What the link of a mail leads to: one ask of one customer. */
export interface LinkedAsk {
  readonly customer: Identity;
  readonly consent: string;
}

/** `link`: the ask that the mail's link opens. `of`: the access that it tells of, for the record. `access`: the one that is over, whose figures are put in when the mail goes out. */
interface TellingMore {
  /** The customer whom the mail is about, where it goes to somebody who answers for them. */
  readonly member?: string | null;
  readonly link?: LinkedAsk | null;
  readonly access?: string | null;
  readonly of?: AuditEvent["impersonation"];
}

/** What customers are told by mail. Whatever can't be delivered waits; a store that can't be asked throws. */
export interface Notices extends Closing {
  /** Writes to a customer, if there is a mail server and they have an address. */
  tell(settings: Settings, customer: Identity, facts: LetterFacts, more?: TellingMore): Promise<void>;
  /** Whether something for this customer has waited for longer than a minute. */
  overdue(customer: string): boolean;
  /** Tries now what waits. Never rejects. */
  deliver(): Promise<void>;
}

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
  return new MailedNotices(deps);
}

class MailedNotices implements Notices {
  readonly #deps: NoticesDeps;
  readonly #deliveries: Deliveries<Notice>;

  constructor(deps: NoticesDeps) {
    this.#deps = deps;
    const send = (it: Notice) => this.#send(it);
    this.#deliveries = deliveries({ ...deps, what: "notices to customers", send });
  }

  async tell(
    { mail, access, prefix, ...settings }: Settings,
    customer: Identity,
    facts: LetterFacts,
    { link = null, access: over = null, of = null, member = null }: TellingMore = {},
  ): Promise<void> {
    const base = settings.console?.origin ?? settings.publicUrl;
    if (mail === null || base === null || customer.email === null) return;
    const { links, clock, newId } = this.#deps;
    // An answered ask shows for a while what became of it.
    const secret = link === null ? null : await links.keep(link, facts.until - clock.now() + access.keep);
    const named = member === null ? "" : `?for=${encodeURIComponent(member)}`;
    const page = `${base}${prefix}/access${secret === null ? named : `?link=${secret}`}`;
    const texts = textsFor(customer.language, access.language);
    const letter: Letter = letterOf(facts, page, texts);
    const now = clock.now();
    const times = { at: now, keepUntil: now + mail.keep, next: now, tries: 0 };
    const about = facts.kind;
    await this.#deliveries.add({
      id: newId(),
      customer: customer.id,
      to: customer.email,
      ...letter,
      about,
      ...times,
      ...(of === null ? {} : { of }),
      ...(over === null ? {} : { over: { access: over, facts, page, language: texts.language } }),
    });
  }

  overdue(customer: string): boolean {
    const now = this.#deps.clock.now();
    return this.#deliveries.waiting().some((it) => it.customer === customer && now - it.at > MINUTE);
  }

  deliver(): Promise<void> {
    return this.#deliveries.deliver();
  }

  close(): Promise<void> {
    return this.#deliveries.close();
  }

  /** Null: it was taken. */
  async #send(notice: Notice): Promise<unknown> {
    const { mail } = this.#deps.settings();
    if (mail === null) return new Error("there is no `mail` in the config any more");
    const { from, replyTo } = mail;
    const { id, to } = notice;
    const letter: Mail = { from, replyTo, to, id, ...(await this.#letterOf(notice)) };
    await this.#deps.mailer(mail.url, letter);
    return null;
  }

  async #letterOf({ subject, text, html, over }: Notice): Promise<Letter> {
    const done = over === undefined ? null : await this.#deps.done(over.access);
    if (over === undefined || done === null) return { subject, text, html };
    return letterOf({ ...over.facts, done }, over.page, textsOf(over.language ?? "en"));
  }
}
