import { Listeners } from "../../clients/listeners.ts";
import type { Consent, ConsentAction, ConsentTerms } from "../../domain/consent/consent.ts";
import {
  type Asked,
  ask,
  bound,
  type CustomerSaid,
  done,
  goneWith,
  grantedAtOnce,
  NOTHING_SAID,
  settledByTime,
} from "../../domain/consent/said.ts";
import { setBounded } from "../../domain/remembering.ts";
import type { Bulletin, Closing, Log, Maybe } from "../../ports.ts";
import { change, changeFrom } from "../compare-and-set.ts";
import { digest, type SealedJson, sealedJson } from "../seal.ts";
import type { SealedValuesDeps } from "../sealed-values.ts";

interface ConsentsDeps extends SealedValuesDeps {
  readonly bulletin: Bulletin;
  readonly log: Log;
  /** How long what is over is kept, ms. */
  readonly keepFor: () => number;
  /** How long what was read is believed, ms; 1000 unless given. */
  readonly cacheFor?: number;
}

const SAID = "consents:";
/** Of whom something waits for the clock. */
const DUE = "consents-due:";
const MOST = 10_000;
const DAY = 86_400_000;
/** An opt-out is kept until it is taken back. */
const FOR_GOOD = 3_650 * DAY;

interface Stored extends CustomerSaid {
  readonly customer: string;
}

export function consents(deps: ConsentsDeps): Consents {
  return new StoredConsents(deps);
}

export type Consents = Pick<StoredConsents, keyof StoredConsents>;

/**
 * What customers were asked and have said, one value of each customer, so that an answer, an opt-out and one more ask never miss each
 * other. Whatever asks the store may throw a Fault `store-unavailable`.
 */
class StoredConsents implements Closing {
  readonly #deps: ConsentsDeps;
  readonly #all: SealedJson<Stored>;
  readonly #known = new Map<string, { readonly said: CustomerSaid; readonly until: number }>();
  readonly #listeners = new Listeners<[customer: string, said: CustomerSaid]>();
  readonly #stopListening: () => void;
  /** Grows with every piece of news: what was read before some came is not remembered. */
  #news = 0;

  constructor(deps: ConsentsDeps) {
    this.#deps = deps;
    this.#all = sealedJson(deps.store, deps.sealKey, "consents");
    this.#stopListening = deps.bulletin.listen((key) => this.#hear(key));
  }

  /** At most a second old; a change by another gateway counts at once. */
  of(customer: string): Maybe<CustomerSaid> {
    const known = this.#known.get(keyOf(customer));
    if (known !== undefined && this.#deps.clock.monotonic() < known.until) return known.said;
    return this.#read(keyOf(customer));
  }

  async ask(consent: Consent, terms: ConsentTerms): Promise<Asked> {
    let asked: Asked | null = null;
    await this.#change(consent.customer.id, (said) => {
      asked = ask(said, consent, terms);
      return asked.kind === "asked" ? asked.said : said;
    });
    if (asked === null) throw new TypeError("a change was made of nothing");
    return asked;
  }

  /** A yes without an ask; gives those whose place it takes. */
  async grantAtOnce(consent: Consent): Promise<readonly Consent[]> {
    let replaced: readonly Consent[] = [];
    await this.#change(consent.customer.id, (said) => {
      const granted = grantedAtOnce(said, consent);
      replaced = granted.replaced;
      return granted.said;
    });
    return replaced;
  }

  /** Null where that can't happen any more: the first answer counts. */
  answer(customer: string, id: string, action: ConsentAction): Promise<Consent | null> {
    return this.#edit(customer, (said) => done(said, id, action, this.#deps.clock.now()));
  }

  /** Gives one that counts once to an impersonation, which is its only one; null if it counts no more. */
  bind(customer: string, id: string, impersonation: string): Promise<Consent | null> {
    return this.#edit(customer, (said) => bound(said, id, impersonation, this.#deps.clock.now()));
  }

  /** What an impersonation had that is over, and what was asked within it. */
  async useUp(customer: string, impersonation: string): Promise<readonly Consent[]> {
    let changed: readonly Consent[] = [];
    await this.#changeAt(keyOf(customer), (said) => {
      const gone = goneWith(said, impersonation, this.#deps.clock.now());
      changed = gone.changed;
      return gone.said;
    });
    return changed;
  }

  /** False: it was so already. */
  async optOut(customer: string, out: boolean): Promise<boolean> {
    let changed = false;
    await this.#change(customer, (said) => {
      changed = (said.optedOutAt !== null) !== out;
      return changed ? { ...said, optedOutAt: out ? this.#deps.clock.now() : null } : said;
    });
    return changed;
  }

  /** All customers of whom something waits for an answer, or counts. */
  async waiting(): Promise<readonly (readonly [string, CustomerSaid])[]> {
    const found: (readonly [string, CustomerSaid])[] = [];
    for (const due of await this.#deps.store.list(DUE)) {
      const stored = await this.#all.read(SAID + due.slice(DUE.length));
      if (stored === null) continue;
      const { customer, ...said } = stored.value;
      found.push([customer, said]);
    }
    return found;
  }

  /** Lets the clock do its part for everybody; gives what lapsed and was used up, each on one gateway. */
  async sweep(): Promise<readonly Consent[]> {
    const all: Consent[] = [];
    for (const due of await this.#deps.store.list(DUE)) {
      const key = SAID + due.slice(DUE.length);
      let changed: readonly Consent[] = [];
      const after = await this.#changeAt(key, (said) => {
        const settled = settledByTime(said, this.#deps.clock.now(), this.#deps.keepFor());
        changed = settled.changed;
        return settled.said;
      });
      all.push(...changed);
      if (after === null || !waits(after)) await this.#deps.store.remove(due);
    }
    return all;
  }

  /** Calls the listener for each customer of whom this process hears that something was changed, by whichever gateway. */
  onChanged(listener: (customer: string, said: CustomerSaid) => void): () => void {
    return this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    this.#stopListening();
  }

  async #edit(
    customer: string,
    edit: (said: CustomerSaid) => { readonly said: CustomerSaid; readonly consent: Consent } | null,
  ): Promise<Consent | null> {
    let consent: Consent | null = null;
    await this.#changeAt(keyOf(customer), (said) => {
      const edited = edit(said);
      consent = edited?.consent ?? null;
      return edited?.said ?? said;
    });
    return consent;
  }

  async #change(customer: string, edit: (said: CustomerSaid) => CustomerSaid): Promise<void> {
    const key = keyOf(customer);
    const nothing: Stored = { customer, ...NOTHING_SAID };
    const { before, after } = await changeFrom(nothing, this.#at(key), editing(edit));
    if (before !== after) await this.#announce(key, after);
  }

  /** Null if there is nothing of this customer. */
  async #changeAt(key: string, edit: (said: CustomerSaid) => CustomerSaid): Promise<CustomerSaid | null> {
    const changed = await change(this.#at(key), editing(edit));
    if (changed === null) return null;
    const { before, after } = changed;
    if (before !== after) await this.#announce(key, after);
    return after;
  }

  #at(key: string) {
    return this.#all.at(key, (it) => this.#expiresAt(it));
  }

  #expiresAt({ optedOutAt, consents }: Stored): number {
    const now = this.#deps.clock.now();
    if (optedOutAt !== null) return now + FOR_GOOD;
    const last = Math.max(now, ...consents.map(({ answerBy, until }) => Math.max(answerBy, until ?? 0)));
    return last + Math.max(DAY, this.#deps.keepFor());
  }

  async #read(key: string): Promise<CustomerSaid> {
    const before = this.#news;
    const said = (await this.#all.read(key))?.value ?? NOTHING_SAID;
    if (before === this.#news) this.#remember(key, said);
    return said;
  }

  #remember(key: string, said: CustomerSaid): void {
    const until = this.#deps.clock.monotonic() + (this.#deps.cacheFor ?? 1_000);
    setBounded(this.#known, MOST, key, { said, until });
  }

  async #announce(key: string, after: Stored): Promise<void> {
    const { store, bulletin, log } = this.#deps;
    this.#news += 1;
    this.#remember(key, after);
    this.#tell(after);
    if (waits(after)) {
      const due = DUE + key.slice(SAID.length);
      const version = (await store.read(due))?.version ?? null;
      await store.write(due, "1", { version, expiresAt: this.#expiresAt(after) });
    }
    try {
      await bulletin.tell(key);
    } catch (error) {
      log.warn({ err: error }, "other gateways will hear of a customer's answer a moment later");
    }
  }

  #hear(key: string | null): void {
    if (key !== null && !key.startsWith(SAID)) return;
    this.#news += 1;
    if (key === null) this.#known.clear();
    else {
      this.#known.delete(key);
      void this.#hearOf(key);
    }
  }

  async #hearOf(key: string): Promise<void> {
    try {
      const stored = await this.#all.read(key);
      if (stored !== null) this.#tell(stored.value);
    } catch (error) {
      this.#deps.log.debug({ err: error }, "what a customer said can not be read; it is at the next request");
    }
  }

  #tell({ customer, ...said }: Stored): void {
    this.#listeners.tell(customer, said);
  }
}

function editing(edit: (said: CustomerSaid) => CustomerSaid): (before: Stored) => Stored {
  return (before) => {
    const after = edit(before);
    return after === before ? before : { ...after, customer: before.customer };
  };
}

function keyOf(customer: string): string {
  return SAID + digest(customer);
}

function waits({ consents }: CustomerSaid): boolean {
  return consents.some(({ state }) => state === "asked" || state === "granted");
}
