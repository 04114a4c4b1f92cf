import { connected, disconnect, redisClient } from "../../clients/redis.ts";
import type { Log } from "../../ports.ts";
import { type Entry, entriesAfter, lastEntry } from "../shipping/stream-reader.ts";
import type { Catalog, Placed } from "./catalog.ts";
import type { Feed } from "./journal-feed.ts";
import { rowOf } from "./row.ts";

interface StreamFeedOptions {
  readonly url: string;
  readonly stream: string;
  readonly log: Log;
}

const TIMEOUT = 2_000;
const POSITION = "position";

/** Feeds a catalog from the stream, on a connection of its own. Calls reject while Redis can't be asked. */
export function streamFeed(catalog: Catalog, { url, stream, log }: StreamFeedOptions): Feed {
  const client = redisClient(url, { name: "guise-activity", log, timeout: TIMEOUT });
  /** From where it is read on although records after it are not there any more. */
  let over: string | null = null;
  return {
    round: async () => {
      await connected(client, TIMEOUT);
      const position = catalog.fact(POSITION) ?? "";
      const entries = await entriesAfter(client, stream, position);
      const last = entries.at(-1);
      if (last !== undefined && over !== position) {
        const oldest = (await client.xrange(stream, "-", "+", "COUNT", 1))[0]?.[0];
        // What was read may be of before or after it was trimmed: it is read again.
        if (oldest === undefined) return true;
        if (before(position, oldest)) {
          // An archiver has trimmed what was read last, and perhaps more: what is not there any more is no gap. Within what is
          // there each record of a producer still has to follow the one before.
          catalog.trimmed(spotOf(oldest));
          over = position;
          return true;
        }
      }
      if (last === undefined) {
        // A Redis that has less than it had gets records again, under ids that we may have passed.
        const newest = await lastEntry(client, stream);
        if (position === "" || !before(newest, position)) return false;
        catalog.add([], { fact: { name: POSITION, value: "" } });
        return true;
      }
      const records = entries.flatMap(placed);
      const damaged = entries.length - records.length;
      catalog.add(records, {
        fact: { name: POSITION, value: last.id },
        ...(damaged === 0 ? {} : { damaged: { producer: stream, lines: damaged } }),
      });
      over = null;
      return true;
    },
    lines: async (spots) => {
      await connected(client, TIMEOUT);
      const ids = spots.map(({ place, spot }) => `${spot}-${place}`);
      const found = await Promise.all(ids.map((id) => client.xrange(stream, id, id)));
      return found.map((entries) => {
        const fields = entries[0]?.[1];
        return fields?.[fields.indexOf("event") + 1] ?? null;
      });
    },
    close: () => disconnect(client),
  };
}

/** None where the entry is no record. */
function placed({ id, line }: Entry): readonly Placed[] {
  const row = rowOf(line);
  return row === null ? [] : [{ row, ...spotOf(id), size: line.length }];
}

/** Whether an id of a stream comes before another one. */
export function before(one: string, other: string): boolean {
  const [a, b] = [spotOf(one), spotOf(other)];
  return a.spot < b.spot || (a.spot === b.spot && a.place < b.place);
}

function spotOf(id: string): Pick<Placed, "spot" | "place"> {
  const [spot = "0", place = "0"] = id.split("-");
  return { spot: Number(spot), place: Number(place) };
}
