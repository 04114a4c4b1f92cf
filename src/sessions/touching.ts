import { endedAt, touch } from "../domain/impersonation.ts";
import type { SessionContext } from "./context.ts";

/** Writes that impersonations are in use. */
interface Toucher {
  /** `page`: the path of a page that was opened; null where something else was used. */
  touch(id: string, now: number, page?: string | null): void;
  /** Writes the pages whose time has come. */
  due(): void;
}

/** ms. */
const USE_EVERY = 15_000;
const PAGES_EVERY = 3_000;

/**
 * Use is written every fifteen seconds at most, or ten times within the idle limit where that is short; which page was opened last every
 * three, and the last one then.
 */
export function toucher(context: SessionContext): Toucher {
  const written = new Map<string, number>();
  /** When a page was written last, and those that wait. */
  const pages = new Map<string, number>();
  const waiting = new Map<string, { readonly now: number; readonly page: string }>();
  const write = (id: string, now: number, page: string | null) => {
    written.set(id, now);
    context.records
      .change(id, (it) => (endedAt(it, now) === null ? touch(it, now, page) : it))
      .then((done) => {
        if (done === null) return;
        context.recall.know(done.entry);
        context.watch.observe(done.entry, false);
      })
      .catch((error: unknown) => {
        written.delete(id);
        context.log.warn(
          { err: error, impersonation: id },
          "use could not be noted; it may end as idle early",
        );
      });
  };
  const writePage = (id: string, now: number, page: string) => {
    pages.set(id, now);
    waiting.delete(id);
    write(id, now, page);
  };
  return {
    touch: (id, now, page = null) => {
      const known = context.watch.get(id);
      if (known === null || known.over) return;
      if (page !== null && page !== (waiting.get(id)?.page ?? known.it.page)) {
        if (now - (pages.get(id) ?? Number.NEGATIVE_INFINITY) >= PAGES_EVERY) writePage(id, now, page);
        else waiting.set(id, { now, page });
        return;
      }
      const last = Math.max(written.get(id) ?? 0, known.it.lastSeenAt);
      if (now - last >= Math.min(USE_EVERY, known.it.idleFor / 10)) write(id, now, null);
    },
    due: () => {
      const now = context.clock.now();
      for (const [id, at] of pages) {
        if (now - at < PAGES_EVERY) continue;
        const next = waiting.get(id);
        if (next === undefined) pages.delete(id);
        else writePage(id, next.now, next.page);
      }
    },
  };
}
