import type { ReasonWord } from "../../domain/decision.ts";
import type { Impersonation } from "../../domain/impersonation.ts";
import { setBounded } from "../../domain/remembering.ts";
import { getOrInsert } from "./get-or-insert.ts";

/** Why an open connection is cut: its impersonation has ended, or the gateway shuts down. */
export type CutReason = ReasonWord | "going-away";

/** Ends one WebSocket or stream. Called at most once; must not throw, and must not wait for the other side. */
type Cut = (why: CutReason) => void;

/** Whether an open connection may go on. `unknown`: that can't be checked. `impersonation` has to be ended with it. */
export type Standing =
  | { readonly kind: "good" }
  | { readonly kind: "unknown"; readonly why: ReasonWord }
  | { readonly kind: "ended"; readonly why: ReasonWord; readonly impersonation: Impersonation | null };

/** The properties of an open connection, besides its impersonation. */
interface Nature {
  /** It is a WebSocket, which doesn't end by itself. */
  readonly tunnel: boolean;
  /** Its page may send only because the mode is write for now. */
  readonly lifted: boolean;
  /** Judges it again, for both people; null for own traffic. */
  readonly ask: (() => Promise<Standing>) | null;
}

/** One that is open under an impersonation. */
export interface Open extends Nature {
  /** The id of its impersonation; null for own traffic. */
  readonly impersonation: string | null;
  readonly cut: Cut;
}

const PLAIN: Nature = Object.freeze({ tunnel: false, lifted: false, ask: null });

/** How many ended impersonations are remembered: a socket of one may still be in the pipeline. */
const REMEMBERED = 10_000;

/** All open WebSockets and impersonated requests, by their impersonation. */
export class Sockets {
  readonly #all = new Set<Open>();
  readonly #byImpersonation = new Map<string, Set<Open>>();
  readonly #over = new Map<string, CutReason>();
  /** Set when the gateway shuts down: a WebSocket that started later would keep the process running for ever. */
  #leaving: CutReason | undefined;

  /**
   * Adds a connection; `impersonation` is null for own traffic. Returns a function to call when it has ended by itself.
   * If its impersonation has been cut already, it is cut at once.
   */
  add(impersonation: string | null, cut: Cut, nature: Nature = PLAIN): () => void {
    const over = impersonation === null ? undefined : this.#over.get(impersonation);
    const why = over ?? (nature.tunnel ? this.#leaving : undefined);
    const entry = { impersonation, cut, tunnel: nature.tunnel, lifted: nature.lifted, ask: nature.ask };
    if (why !== undefined) cut(why);
    else this.#enter(entry);
    return () => this.#forget(entry);
  }

  /** Cuts all of an impersonation, also those that are added later. Returns how many there were. */
  cut(impersonation: string, why: CutReason): number {
    setBounded(this.#over, REMEMBERED, impersonation, why);
    return this.#cutThese(this.#of(impersonation), why);
  }

  /** Cuts what is open of an impersonation that goes on. */
  cutAll(impersonation: string, why: CutReason): number {
    return this.#cutThese(this.#of(impersonation), why);
  }

  /** Cuts this one, if it is still open. */
  cutOne(open: Open, why: CutReason): void {
    this.#cutThese([open], why);
  }

  /** Cuts all under an impersonation. */
  cutImpersonated(why: CutReason): number {
    return this.#cutThese(this.impersonated(), why);
  }

  /** Cuts the tunnels of an impersonation whose page may not send any more. */
  cutLifted(impersonation: string): number {
    const lifted = this.#of(impersonation).filter((it) => it.lifted);
    return this.#cutThese(lifted, "read-only");
  }

  /** Cuts all tunnels, also those of own traffic and those that are added later: they have no end of their own. */
  cutTunnels(why: CutReason): number {
    this.#leaving = why;
    const tunnels = [...this.#all].filter((it) => it.tunnel);
    return this.#cutThese(tunnels, why);
  }

  /** All under an impersonation. */
  impersonated(): readonly Open[] {
    return [...this.#all].filter((it) => it.impersonation !== null);
  }

  count(): number {
    return this.#all.size;
  }

  #of(impersonation: string): readonly Open[] {
    return [...(this.#byImpersonation.get(impersonation) ?? [])];
  }

  #enter(entry: Open): void {
    this.#all.add(entry);
    if (entry.impersonation === null) return;
    getOrInsert(this.#byImpersonation, entry.impersonation, () => new Set()).add(entry);
  }

  #forget(entry: Open): void {
    if (!this.#all.delete(entry) || entry.impersonation === null) return;
    const known = this.#byImpersonation.get(entry.impersonation);
    known?.delete(entry);
    if (known?.size === 0) this.#byImpersonation.delete(entry.impersonation);
  }

  #cutThese(entries: readonly Open[], why: CutReason): number {
    const errors: unknown[] = [];
    let count = 0;
    for (const entry of entries) {
      if (!this.#all.has(entry)) continue;
      this.#forget(entry);
      attempt(entry.cut, why, errors);
      count += 1;
    }
    if (errors.length > 0) throw new AggregateError(errors, "not every socket could be cut");
    return count;
  }
}

/** An error of one must not keep the others open. */
function attempt(cut: Cut, why: CutReason, errors: unknown[]): void {
  try {
    cut(why);
  } catch (error) {
    errors.push(error);
  }
}
