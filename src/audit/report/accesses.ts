import { isSafe } from "../../domain/method/method.ts";
import type { Written, WrittenPerson } from "../record/parse.ts";
import { Earliest, type Moment } from "./earliest.ts";
import { Gathered, type Places } from "./places.ts";

/** One access to a customer's data: an impersonation, from its first record to its last. Times are as records have them; null is not on record. */
export interface Access {
  readonly id: string;
  readonly agent: WrittenPerson | null;
  readonly customer: WrittenPerson | null;
  readonly app: string | null;
  readonly reason: string | null;
  readonly ticket: string | null;
  /** The consent that it began by; `origin` where that was a `break-glass`. */
  readonly consent: { readonly id: string; readonly origin: string | null } | null;
  readonly began: string | null;
  readonly ended: string | null;
  /** Why it ended, as a reason word. */
  readonly end: string | null;
  /** The first record of it, whichever that is. */
  readonly first: string;
  /** The patterns of what was looked at, as `routes` has them. */
  readonly routes: readonly string[];
  readonly all: Places;
  readonly start: Places;
  readonly looked: Places;
  readonly changed: Places;
  readonly failed: Places;
  readonly refused: Places;
  readonly elevated: Places;
  /** Mails about it that a server took, and that were given up. */
  readonly told: Places;
  readonly untold: Places;
}

/** One access as its records are seen, in any order. */
class Growing {
  readonly #routes = new Set<string>();
  readonly #agent = new Earliest<WrittenPerson>();
  /** Who it is that was ended, as the record of the end says it. */
  readonly #ended = new Earliest<WrittenPerson>();
  readonly #customer = new Earliest<WrittenPerson>();
  readonly #app = new Earliest<string>();
  readonly #reason = new Earliest<string>();
  readonly #ticket = new Earliest<string>();
  readonly #consent = new Earliest<NonNullable<Access["consent"]>>();
  readonly #begin = new Earliest<string>();
  readonly #end = new Earliest<{ readonly at: string; readonly why: string | null }>();
  readonly #first = new Earliest<string>();
  readonly #places = {
    ...{ all: new Gathered(), start: new Gathered(), looked: new Gathered(), changed: new Gathered() },
    ...{ failed: new Gathered(), refused: new Gathered(), elevated: new Gathered() },
    ...{ told: new Gathered(), untold: new Gathered() },
  };

  see(record: Written, when: Moment): void {
    const { guise, event, user } = record;
    const { action } = event;
    const { producer, sequence, at } = when;
    const person = user?.id === undefined ? null : user;
    this.#places.all.add(producer, sequence);
    this.#first.see(at, when);
    this.#customer.see(user?.effective, when);
    this.#app.see(guise.app, when);
    this.#reason.see(event.reason, when);
    this.#ticket.see(event.reference, when);
    if (guise.consent !== undefined)
      this.#consent.see({ id: guise.consent.id, origin: guise.consent.origin ?? null }, when);
    if (action === "impersonation.started") this.#begin.see(at, when);
    if (action === "impersonation.outcome" && guise.route !== undefined) this.#routes.add(guise.route);
    // A mail has no actor, and an end may be made by somebody else.
    if (action === "impersonation.ended") {
      this.#end.see({ at, why: guise.decision ?? null }, when);
      this.#ended.see(user?.target ?? person, when);
    } else if (action !== "access.noticed") this.#agent.see(person, when);
    const counted = countedAs(record);
    if (counted !== null) this.#places[counted].add(producer, sequence);
  }

  drawn(id: string): Access {
    const end = this.#end.value;
    return {
      id,
      agent: this.#agent.value ?? this.#ended.value,
      customer: this.#customer.value,
      app: this.#app.value,
      reason: this.#reason.value,
      ticket: this.#ticket.value,
      consent: this.#consent.value,
      began: this.#begin.value,
      ended: end?.at ?? null,
      end: end?.why ?? null,
      first: this.#first.value ?? "",
      routes: [...this.#routes].sort(),
      ...this.#places,
    };
  }
}

/** The further figures that a record counts for. */
function countedAs({
  event,
  http,
}: Written): Exclude<keyof { [K in keyof Access as Access[K] extends Places ? K : never]: K }, "all"> | null {
  const succeeded = event.outcome === "success";
  switch (event.action) {
    case "impersonation.started":
      return "start";
    case "impersonation.elevated":
      return "elevated";
    case "impersonation.denied":
      return "refused";
    case "impersonation.outcome":
      if (!succeeded) return "failed";
      return isSafe(http?.request?.method ?? "") ? "looked" : "changed";
    case "access.noticed":
      return succeeded ? "told" : "untold";
    default:
      return null;
  }
}

/** Gathers the records of accesses, in any order. */
export class Accesses {
  readonly #growing = new Map<string, Growing>();

  record(record: Written, when: Moment): void {
    const id = record.guise.impersonation;
    if (id === undefined) return;
    const it = this.#growing.get(id) ?? new Growing();
    this.#growing.set(id, it);
    it.see(record, when);
  }

  all(): readonly Access[] {
    return [...this.#growing].map(([id, it]) => it.drawn(id));
  }
}
