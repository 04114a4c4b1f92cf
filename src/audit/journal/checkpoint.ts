import { type KeyObject, sign, verify } from "node:crypto";
import type { Clock } from "../../ports.ts";
import type { Journal } from "./journal.ts";
import { mark } from "./journal-records.ts";

/** An Ed25519 key that signs checkpoints; `kid` is the name under which verifiers know it. */
export interface CheckpointKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/** A checkpoint, as it stands in `guise.checkpoint`: it attests the hash of the producer's record with this number. */
export interface Checkpoint {
  readonly producer: string;
  readonly sequence: number;
  readonly hash: string;
  readonly at: string;
  /** The signature of the checkpoint before, so that none of them can be left out; null for the first of a life. */
  readonly previous: string | null;
  readonly kid: string;
  readonly signature: string;
}

export function isCheckpoint(value: unknown): value is Checkpoint {
  if (typeof value !== "object" || value === null) return false;
  const it = value as Partial<Record<keyof Checkpoint, unknown>>;
  const texts = [it.producer, it.hash, it.at, it.kid, it.signature];
  return Number.isSafeInteger(it.sequence) && texts.every((text) => typeof text === "string");
}

/** Signs a checkpoint with these facts. */
export function signCheckpoint(key: CheckpointKey, facts: Omit<Checkpoint, "kid" | "signature">): Checkpoint {
  const unsigned = { ...facts, kid: key.kid };
  const signature = sign(null, Buffer.from(attested(unsigned)), key.privateKey).toString("base64url");
  return { ...unsigned, signature };
}

/** Whether the checkpoint was signed by this key and not altered since. */
export function checkpointHolds(checkpoint: Checkpoint, key: KeyObject): boolean {
  return verify(null, Buffer.from(attested(checkpoint)), key, Buffer.from(checkpoint.signature, "base64url"));
}

/** The text that is signed, so that others can verify it too: seven lines. */
function attested(it: Omit<Checkpoint, "signature">): string {
  return ["guise checkpoint 1", it.producer, it.sequence, it.hash, it.at, it.previous ?? "-", it.kid].join(
    "\n",
  );
}

interface CheckpointOptions {
  readonly journal: Journal;
  readonly producer: string;
  readonly clock: Clock;
  readonly key: () => CheckpointKey;
  /** A checkpoint is due after so many records, and after so much time, ms, also when nothing happened. */
  readonly every: number;
  readonly within: number;
  /** Called with each checkpoint once it is durable, so that it can be kept somewhere else than on this disk. */
  readonly made: (checkpoint: Checkpoint) => void;
}

/** Writes the checkpoints of one producer. */
export interface Checkpoints {
  /** Writes a checkpoint if one is due, or with `anyhow` in any case. Rejects as the journal does. */
  look(options?: { readonly anyhow: boolean }): Promise<void>;
}

export function checkpoints(options: CheckpointOptions): Checkpoints {
  const { journal, producer, clock } = options;
  let last = { sequence: 0, monotonic: clock.monotonic(), signature: null as string | null };
  let running: Promise<void> | null = null;
  const due = (): boolean =>
    journal.durable().tip.sequence - last.sequence >= options.every ||
    clock.monotonic() - last.monotonic >= options.within;
  const make = async (): Promise<void> => {
    const moment = { at: clock.now(), monotonic: clock.monotonic() };
    const key = options.key();
    const at = new Date(moment.at).toISOString();
    const signed: Checkpoint[] = [];
    await journal.append(({ sequence, hash }) => {
      const checkpoint = signCheckpoint(key, { producer, sequence, hash, at, previous: last.signature });
      signed.push(checkpoint);
      return mark("journal.checkpoint", moment, { checkpoint });
    });
    for (const checkpoint of signed) {
      last = {
        sequence: checkpoint.sequence + 1,
        monotonic: moment.monotonic,
        signature: checkpoint.signature,
      };
      options.made(checkpoint);
    }
  };
  return {
    look: ({ anyhow } = { anyhow: false }) => {
      if (running === null && (anyhow || due())) {
        running = make().finally(() => {
          running = null;
        });
      }
      return running ?? Promise.resolve();
    },
  };
}
