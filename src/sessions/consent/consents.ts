import { createHash } from "node:crypto";
import type { Consent, ConsentDeed, ConsentTerms } from "../../domain/consent/consent.ts";
import {
  type Asked,
  ask,
  bound,
  type CustomerSaid,
  done,
  goneWith,
  grantedAtOnce,
  NOTHING_SAID,
  restoredHost,
} from "../../domain/consent/said.ts";
import { setBounded } from "../../domain/remembering.ts";
import type { Bulletin, Clock, Closing, Log, Maybe, Store } from "../../ports.ts";
import { change, changeFrom } from "../compare-and-set.ts";
import { sealFor } from "../seal.ts";

/**
 * What customers were asked and have said, one value of each customer, so that an answer, an opt-out and one more ask never miss each
 * other. Whatever asks the store may throw a Fault `store-unavailable`.
 */
export interface Consents extends Closing {
  /** At most a second old; a change by another gateway counts at once. */
  of(customer: string): Maybe<CustomerSaid>;
  ask(consent: Consent, terms: ConsentTerms): Promise<Asked>;
  /** A yes without an ask; gives those whose place it takes. */
  grantAtOnce(consent: Consent): Promise<readonly Consent[]>;
  /** Null where that can't happen any more: the first answer counts. */
  answer(customer: string, id: string, deed: ConsentDeed): Promise<Consent | null>;
  /** Gives one that counts once to an impersonation, which is its only one; null if it counts no more. */
  bind(customer: string, id: string, impersonation: string): Promise<Consent | null>;
  /** What an impersonation had that is over, and what was asked within it. */
  useUp(customer: string, impersonation: string): Promise<readonly Consent[]>;
  /** False: it was so already. */
  optOut(customer: string, out: boolean): Promise<boolean>;
  /** All customers of whom something waits for an answer, or counts. */
  waiting(): Promise<readonly (readonly [customer: string, said: CustomerSaid])[]>;
  /** Lets the clock do its part for everybody; gives what lapsed and was used up, each on one gateway. */
  sweep(): Promise<readonly Consent[]>;
  /** Calls the listener for each customer of whom this process hears that something was changed, by whichever gateway. */
  onChanged(listener: (customer: string, said: CustomerSaid) => void): () => void;
}

interface ConsentsDeps {
  readonly store: Store;
  readonly bulletin: Bulletin;
  readonly clock: Clock;
  readonly log: Log;
  /** At least 32 secret bytes, the same for all gateways of one store. */
  readonly sealKey: Uint8Array;
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

class StoredConsents implements Consents {
  readonly #deps: ConsentsDeps;
  readonly #seal: ReturnType<typeof sealFor>;
  readonly #known = new Map<string, { readonly said: CustomerSaid; readonly until: number }>();
  readonly #listeners = new Set<(customer: string, said: CustomerSaid) => void>();
  readonly #stopListening: () => void;
  /** Grows with every piece of news: what was read before some came is not remembered. */
  #news = 0;

  constructor(deps: ConsentsDeps) {
    this.#deps = deps;
    this.#seal = sealFor(deps.sealKey, "consents");
    this.#stopListening = deps.bulletin.listen((key) => this.#hear(key));
  }

  of(customer: string): Maybe<CustomerSaid> {
    const known = this.#known.get(keyOf(customer));
    if (known !== undefined && this.#deps.clock.monotonic() < known.until) return known.said;
    return this.#read(keyOf(customer)).then((it) => it ?? NOTHING_SAID);
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

  async grantAtOnce(consent: Consent): Promise<readonly Consent[]> {
    let replaced: readonly Consent[] = [];
    await this.#change(consent.customer.id, (said) => {
      const granted = grantedAtOnce(said, consent);
      replaced = granted.replaced;
      return granted.said;
    });
    return replaced;
  }

  answer(customer: string, id: string, deed: ConsentDeed): Promise<Consent | null> {
    return this.#edit(customer, (said) => done(said, id, deed, this.#deps.clock.now()));
  }

  bind(customer: string, id: string, impersonation: string): Promise<Consent | null> {
    return this.#edit(customer, (said) => bound(said, id, impersonation, this.#deps.clock.now()));
  }

  async useUp(customer: string, impersonation: string): Promise<readonly Consent[]> {
    let changed: readonly Consent[] = [];
    await this.#changeAt(keyOf(customer), (said) => {
      const gone = goneWith(said, impersonation, this.#deps.clock.now());
      changed = gone.changed;
      return gone.said;
    });
    return changed;
  }

  async optOut(customer: string, out: boolean): Promise<boolean> {
    let changed = false;
    await this.#change(customer, (said) => {
      changed = (said.optedOutAt !== null) !== out;
      return changed ? { ...said, optedOutAt: out ? this.#deps.clock.now() : null } : said;
    });
    return changed;
  }

  async waiting(): Promise<readonly (readonly [string, CustomerSaid])[]> {
    const found: (readonly [string, CustomerSaid])[] = [];
    for (const due of await this.#deps.store.list(DUE)) {
      const key = SAID + due.slice(DUE.length);
      const stored = await this.#deps.store.read(key);
      if (stored === null) continue;
      const { customer, ...said } = this.#open(key, stored.value);
      found.push([customer, said]);
    }
    return found;
  }

  async sweep(): Promise<readonly Consent[]> {
    const all: Consent[] = [];
    for (const due of await this.#deps.store.list(DUE)) {
      const key = SAID + due.slice(DUE.length);
      let changed: readonly Consent[] = [];
      const after = await this.#changeAt(key, (said) => {
        const tidy = restoredHost(said, this.#deps.clock.now(), this.#deps.keepFor());
        changed = tidy.changed;
        return tidy.said;
      });
      all.push(...changed);
      if (after === null || !waits(after)) await this.#deps.store.remove(due);
    }
    return all;
  }

  onChanged(listener: (customer: string, said: CustomerSaid) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
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
    const { before, after } = await changeFrom<Stored>(
      { customer, ...NOTHING_SAID },
      this.#at(key),
      editing(edit),
    );
    if (before !== after) await this.#announce(key, after);
  }

  /** Null if there is nothing of this customer. */
  async #changeAt(key: string, edit: (said: CustomerSaid) => CustomerSaid): Promise<CustomerSaid | null> {
    const changed = await change<Stored>(this.#at(key), editing(edit));
    if (changed === null) return null;
    const { before, after } = changed;
    if (before !== after) await this.#announce(key, after);
    return after;
  }

  #at(key: string) {
    return {
      store: this.#deps.store,
      key,
      read: (text: string) => this.#open(key, text),
      write: (it: Stored) => this.#seal.seal(JSON.stringify(it), key),
      expiresAt: (it: Stored) => this.#expiresAt(it),
    };
  }

  #open(key: string, text: string): Stored {
    return JSON.parse(this.#seal.open(text, key)) as Stored;
  }

  #expiresAt({ optedOutAt, consents }: Stored): number {
    const now = this.#deps.clock.now();
    if (optedOutAt !== null) return now + FOR_GOOD;
    const last = Math.max(now, ...consents.map(({ answerBy, until }) => Math.max(answerBy, until ?? 0)));
    return last + Math.max(DAY, this.#deps.keepFor());
  }

  async #read(key: string): Promise<CustomerSaid | null> {
    const before = this.#news;
    const stored = await this.#deps.store.read(key);
    const said = stored === null ? null : this.#open(key, stored.value);
    if (before === this.#news) this.#remember(key, said ?? NOTHING_SAID);
    return said;
  }

  #remember(key: string, said: CustomerSaid): void {
    const until = this.#deps.clock.monotonic() + (this.#deps.cacheFor ?? 1_000);
    setBounded(this.#known, MOST, key, { said, until });
  }

  async #announce(key: string, after: Stored): Promise<void> {
    const { store, bulletin, clock, log } = this.#deps;
    this.#news += 1;
    this.#remember(key, after);
    this.#tell(after);
    if (waits(after)) {
      const due = DUE + key.slice(SAID.length);
      const known = await store.read(due);
      const expiresAt = this.#expiresAt(after);
      if (known === null) await store.write(due, "1", { version: null, expiresAt });
      else
        await store.write(due, "1", {
          version: known.version,
          expiresAt: Math.max(expiresAt, clock.now() + DAY),
        });
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
      const stored = await this.#deps.store.read(key);
      if (stored !== null) this.#tell(this.#open(key, stored.value));
    } catch (error) {
      this.#deps.log.debug({ err: error }, "what a customer said can not be read; it is at the next request");
    }
  }

  #tell({ customer, ...said }: Stored): void {
    for (const listener of this.#listeners) listener(customer, said);
  }
}

function editing(edit: (said: CustomerSaid) => CustomerSaid): (before: Stored) => Stored {
  return (before) => {
    const after = edit(before);
    return after === before ? before : { ...after, customer: before.customer };
  };
}

function keyOf(customer: string): string {
  return SAID + createHash("sha256").update(customer).digest("base64url");
}

function waits({ consents }: CustomerSaid): boolean {
  return consents.some(({ state }) => state === "asked" || state === "granted");
}
