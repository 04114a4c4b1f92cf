// The thread of an archive: opens the catalog, reads on, and answers what it is asked.
import { parentPort, workerData } from "node:worker_threads";
import { problemOf } from "../shipping/sink-errors.ts";
import { Catalog } from "./catalog.ts";
import { Indexer } from "./indexer.ts";
import { journalFeed } from "./journal-feed.ts";
import type { ArchiveSetup, Ask, Told } from "./messages.ts";
import { streamFeed } from "./stream-feed.ts";

const port = parentPort;
if (port === null) throw new Error("this is the program of a thread");

const { file, folder, redis, written }: ArchiveSetup = workerData;
let now = written;
const nothing = () => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const tell = (told: Told) => port.postMessage(told);

const it = new Catalog(file, redis === null ? "journal" : `stream ${redis.stream}`);
const feed = redis === null ? journalFeed(it, folder, () => now) : streamFeed(it, { ...redis, log });
const running = new Indexer({ catalog: it, feed, changed: (status) => tell({ kind: "status", status }) });

port.on("message", async (ask: Ask) => {
  if (ask.kind === "close") {
    await running.close();
    port.close();
    return;
  }
  now = ask.written;
  if (ask.kind === "written") running.wake();
  else await answer(ask);
});

async function answer({ id, asking }: Extract<Ask, { readonly kind: "ask" }>): Promise<void> {
  try {
    tell({ kind: "answer", id, answer: await running.answer(asking) });
  } catch (error) {
    tell({ kind: "failed", id, why: problemOf(error) });
  }
}
