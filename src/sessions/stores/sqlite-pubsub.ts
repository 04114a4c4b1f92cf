import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { Listeners } from "../../clients/listeners.ts";
import type { Bulletin, Clock, Log } from "../../ports.ts";
import type { Attempt } from "./store.ts";

interface SqliteBulletinOptions {
  readonly database: DatabaseSync;
  readonly clock: Clock;
  readonly log: Log;
  /** ms between two looks. */
  readonly poll: number;
  readonly attempt: Attempt;
}

/** How long a line stays, ms: a process that was asleep for longer hears that it missed some. */
const KEPT_FOR = 60_000;

/** News between the processes of one machine: lines in a table, looked for when SQLite says that the file has changed. */
export function sqliteBulletin(options: SqliteBulletinOptions): Bulletin & { close(): void } {
  const { database, clock, log, poll, attempt } = options;
  const self = randomBytes(9).toString("base64url");
  const listeners = new Listeners<[key: string | null]>();
  const changes = database.prepare("pragma data_version");
  const newest = database.prepare("select seq from sqlite_sequence where name = 'news'");
  const since = database.prepare("select id, teller, key from news where id > ? order by id");
  const insert = database.prepare("insert into news (at, teller, key) values (?, ?, ?)");
  const forget = database.prepare("delete from news where at < ?");
  let version = changes.get()?.data_version;
  let last = Number(newest.get()?.seq ?? 0);
  const look = () => {
    const now = changes.get()?.data_version;
    if (now === version) return;
    version = now;
    const lines = since.all(last);
    const end = Number(newest.get()?.seq ?? last);
    if (end - last > lines.length) listeners.tell(null);
    for (const line of lines) if (line.teller !== self) listeners.tell(String(line.key));
    last = end;
  };
  const timer = setInterval(() => {
    try {
      look();
    } catch (error) {
      log.warn({ err: error }, "news of other processes can not be read; it is tried again");
    }
  }, poll).unref();
  return {
    tell: async (key) => {
      attempt(() => {
        const now = clock.now();
        forget.run(now - KEPT_FOR);
        insert.run(now, self, key);
      });
    },
    listen: (heard) => listeners.add(heard),
    close: () => clearInterval(timer),
  };
}
