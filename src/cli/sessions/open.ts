import { join, resolve } from "node:path";
import { evidence } from "../../audit-system.ts";
import { type Holder, holder } from "../../config/hold.ts";
import type { StartParts } from "../../config/load.ts";
import type { AuditEvent } from "../../domain/audit-event.ts";
import { Fault } from "../../errors.ts";
import { timeOrderedIds } from "../../gateway/services/ids.ts";
import { readGenerations } from "../../keys/folder.ts";
import { type Keyring, openKeyring } from "../../keys/keyring.ts";
import type { Clock, Closing } from "../../ports.ts";
import { type Impersonations, openImpersonations } from "../../sessions/impersonations.ts";
import { openBackend } from "../../sessions/stores/registry.ts";
import type { CommandIo } from "../command.ts";
import { CLOCK, withConfig } from "../config.ts";
import { SILENT } from "../log.ts";

/** The impersonations of a config's store, as a process of its own sees them. */
export interface OpenSessions extends Closing {
  readonly clock: Clock;
  readonly config: Holder;
  readonly impersonations: Impersonations;
  readonly keyring: Keyring;
  newId(): string;
  /** Writes into a journal of this process's own. Throws `audit-unavailable`. */
  record(event: AuditEvent): Promise<void>;
}

const newId = timeOrderedIds(CLOCK.now);

/** Opens what the config names, beside the gateways that are running. Throws a Fault that says what is missing. */
export async function openSessions(
  words: { readonly config: string; readonly data: string | null },
  io: CommandIo,
  { recording }: { readonly recording: boolean },
): Promise<OpenSessions> {
  const opened: Closing[] = [];
  // Warnings are for those who run the gateway, which logs them as well.
  const log = { ...SILENT, error: (data: object, message: string) => io.err(`${message}${wordsOf(data)}\n`) };
  const { snapshot, parts: start } = await withConfig(words.config, io, log, (loaded) => loaded);
  const held = holder(snapshot);
  const data = words.data === null ? start.data : resolve(words.data);
  await mustHaveKeys(data, start);
  try {
    const backend = await openBackend(start.store, { clock: CLOCK, log, secret: start.secret, data });
    opened.push(backend);
    const parts = { data, held, start, redisUrl: backend.redisUrl, clock: CLOCK, log, newId };
    const records = recording ? await evidence(parts) : null;
    if (records !== null) opened.push(records);
    const folder = join(data, "keys");
    const keyring =
      records?.keyring ??
      (await openKeyring({ folder, files: start.keys, clock: CLOCK, log, reloadEvery: 0 }));
    const it = openImpersonations({ ...backend, clock: CLOCK, log, sealKey: keyring.derive("jar") });
    opened.push({ close: () => it.shut() });
    const record = async (event: AuditEvent) => await records?.ledger.record(event);
    const own = { clock: CLOCK, config: held, impersonations: it, keyring };
    return { ...own, newId, record, close: () => closeAll(opened) };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** Without the gateway's own keys nothing in its store can be read; new ones would only look as if nothing ran. */
async function mustHaveKeys(data: string, { keys }: StartParts): Promise<void> {
  if (keys.data !== undefined) return;
  const folder = join(data, "keys");
  if ((await readGenerations(folder, "data")).length > 0) return;
  throw new Fault(
    "key-unreadable",
    `there are no keys in ${folder}; name the gateway's data folder with --data`,
  );
}

async function closeAll(opened: readonly Closing[]): Promise<void> {
  for (const it of opened.toReversed()) await it.close();
}

function wordsOf(data: object): string {
  const error: unknown = Reflect.get(data, "err");
  return error instanceof Error ? `: ${error.message}` : "";
}
