import { randomBytes } from "node:crypto";
import { setBounded } from "../domain/remembering.ts";
import { Fault } from "../errors.ts";
import { change } from "./compare-and-set.ts";
import { sealedJson } from "./seal.ts";
import type { SealedValuesDeps } from "./sealed-values.ts";

/** The cookies and headers by which identity sources knew the agent when they came from the app's own host. */
export interface Credentials {
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly cookies: Readonly<Record<string, string>>;
  readonly peer: string;
  /** The secret of a sign-in by way of our own pages; absent in what was kept before there were any. */
  readonly signIn?: string | null;
}

/** The app's own host that a label stands for. */
export interface AppHost {
  readonly origin: string;
  /** `Host` as browsers send it, and in lower case without its port. */
  readonly authority: string;
  readonly host: string;
}

/** The host that one impersonation has for one host of the app. */
export interface Label {
  readonly kind: "open";
  readonly name: string;
  readonly impersonation: string;
  readonly agent: string;
  /** What opens the impersonation; no browser has it. */
  readonly secret: string;
  /** The value of the label's own cookie; it opens nothing on any other host. */
  readonly session: string;
  readonly app: AppHost;
  readonly credentials: Credentials;
  readonly renewedAt: number;
  /** The end of the impersonation at the latest, ms. */
  readonly until: number;
}

/** A label that is used no more. */
interface EndedLabel {
  readonly kind: "ended";
  readonly app: AppHost;
}

type LabelOrder = Omit<Label, "kind" | "name" | "session" | "renewedAt">;

/** The labels of all impersonations. Throws a Fault `store-unavailable`. */
export interface Labels {
  create(order: LabelOrder): Promise<Label>;
  /** As old as `cacheFor` at the most. Null for what never was, or is forgotten. */
  read(name: string): Promise<Label | EndedLabel | null>;
  /** The labels of an impersonation that are open. */
  of(impersonation: string): Promise<readonly Label[]>;
  /** Takes the credentials with which the agent came once more. */
  renew(label: Label, credentials: Credentials): Promise<void>;
  /** Ends all labels of an impersonation; what they held is destroyed. */
  end(impersonation: string): Promise<void>;
}

interface LabelsDeps extends SealedValuesDeps {
  /** How long an ended label is remembered, ms. */
  readonly remember: () => number;
  /** For how long a label that was read is cached, ms. */
  readonly cacheFor: () => number;
}

const NAME = /^[a-z2-7]{32}$/;
const MOST = 10_000;

/** Whether this can be the name of a label. */
export function isLabel(name: string): boolean {
  return NAME.test(name);
}

export function labels(deps: LabelsDeps): Labels {
  const { store, clock, sealKey, remember, cacheFor } = deps;
  const all = sealedJson<Label | EndedLabel>(store, sealKey, "label");
  const known = new Map<string, { readonly it: Label | EndedLabel; readonly until: number }>();
  const keep = (name: string, it: Label | EndedLabel) => {
    setBounded(known, MOST, name, { it, until: clock.monotonic() + cacheFor() });
    return it;
  };
  const changing = (name: string) =>
    all.at(keyOf(name), (it) => (it.kind === "open" ? it.until : clock.now()) + remember());
  const read = async (name: string): Promise<Label | EndedLabel | null> => {
    const before = known.get(name);
    if (before !== undefined && clock.monotonic() < before.until) return before.it;
    const stored = await all.read(keyOf(name));
    return stored === null ? null : keep(name, stored.value);
  };
  const names = async (impersonation: string): Promise<readonly string[]> => {
    const prefix = `${indexOf(impersonation)}.`;
    return (await store.list(prefix)).map((key) => key.slice(prefix.length));
  };
  return {
    create: async (order) => {
      const name = base32(randomBytes(20));
      const session = randomBytes(32).toString("base64url");
      const label: Label = { ...order, kind: "open", name, session, renewedAt: clock.now() };
      const life = { version: null, expiresAt: label.until + remember() };
      await store.write(`${indexOf(label.impersonation)}.${name}`, name, life);
      if (!(await all.write(keyOf(name), label, life)))
        throw new Fault("store-unavailable", "the label that was drawn is taken");
      keep(name, label);
      return label;
    },
    read,
    of: async (impersonation) => {
      const all = await Promise.all((await names(impersonation)).map(read));
      return all.filter((it) => it?.kind === "open");
    },
    renew: async ({ name }, credentials) => {
      const done = await change(changing(name), (it) =>
        it.kind === "open" ? { ...it, credentials, renewedAt: clock.now() } : it,
      );
      if (done !== null) keep(name, done.after);
    },
    end: async (impersonation) => {
      for (const name of await names(impersonation)) {
        await change(changing(name), endedOf);
        known.delete(name);
        await store.remove(`${indexOf(impersonation)}.${name}`);
      }
    },
  };
}

function endedOf(it: Label | EndedLabel): Label | EndedLabel {
  return it.kind === "open" ? { kind: "ended", app: it.app } : it;
}

function keyOf(name: string): string {
  return `label:${name}`;
}

function indexOf(impersonation: string): string {
  return `labels:${impersonation}`;
}

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** RFC 4648 in lower case: host names have no other. */
function base32(bytes: Uint8Array): string {
  let bits = 0;
  let held = 0;
  let text = "";
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31];
  }
  return text;
}
