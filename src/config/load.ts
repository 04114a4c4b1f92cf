import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { toldTwice } from "../audit/shipping/told-twice.ts";
import { type SecretReader, type SecretSource, secretReader } from "../clients/secret.ts";
import { finish, type Steps } from "../domain/steps.ts";
import { codeOf, isGone } from "../errors.ts";
import { type Entry, fieldOf } from "../kinds.ts";
import type { StoreBackend, StoreDeps } from "../sessions/stores/store.ts";
import { appsOf, misplaced } from "./apps.ts";
import { compile, complaintsAmong } from "./compile.ts";
import { readDocument } from "./document.ts";
import { readAside } from "./document-aside.ts";
import { schemeOf } from "./hold.ts";
import { missingSecrets } from "./missing-secrets.ts";
import { type Complaint, inOrder, type Problem } from "./problem.ts";
import { salvage } from "./salvage.ts";
import { type Config, configSchema, type Kinds, type RoomDeps } from "./schema.ts";
import { evidenceNamesOf } from "./settings.ts";
import { inSlices } from "./slices.ts";
import type { Snapshot } from "./snapshot.ts";
import { validate } from "./validate.ts";

/** What loading needs: which kinds there are, and what they are made with. */
export interface LoadOptions {
  readonly kinds: Kinds;
  readonly deps: Omit<RoomDeps, "secret" | "directory">;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What is built once at the start and not again when the config changes. */
export interface StartParts {
  /** null: the embedded one. */
  readonly store: Entry<StoreDeps, StoreBackend> | null;
  /** Absolute path of the folder for keys, journal and embedded store. */
  readonly data: string;
  /** Absolute paths of keys that somebody else keeps; those that are left out are made and kept in `data`. */
  readonly keys: {
    readonly token?: readonly string[];
    readonly checkpoint?: readonly string[];
    readonly data?: string;
  };
  readonly audit: {
    /** Where events are copied to, besides the stream of a redis store. */
    readonly webhooks: Config["audit"]["webhooks"];
    /** The address of a Redis for the stream alone; null: that of the store, if it is one. */
    readonly redis: SecretSource | null;
    /** Names whose values are never recorded, or only as keyed hashes. */
    readonly secrets: { readonly names: readonly string[]; readonly hash: readonly string[] };
  };
  /** Reads the secrets that these parts name. */
  readonly secret: SecretReader;
  /** The same text for the same parts; when it changes, a restart is needed for it to count. */
  readonly written: string;
}

/** What a config holds, in numbers, for those who look at it. */
interface Summary {
  /** Their names; none where the file has one app. */
  readonly apps: readonly string[];
  readonly agents: number;
  readonly owners: number;
  readonly routes: number;
  readonly rules: number;
  readonly presets: readonly string[];
}

export type Load =
  | {
      readonly kind: "loaded";
      readonly snapshot: Snapshot;
      readonly parts: StartParts;
      readonly summary: Summary;
    }
  | { readonly kind: "rejected"; readonly digest: string | null; readonly problems: readonly Problem[] };

/** Reads, checks and compiles a config file; all problems at once. Asks nobody anything over the network. */
export async function load(file: string, options: LoadOptions): Promise<Load> {
  const bytes = await bytesOf(file);
  return typeof bytes === "string" ? unreadable(file, bytes) : loadBytes(bytes, file, options);
}

/** The same for bytes that are at hand; `file` says what they are called and where relative paths start. */
export function loadBytes(bytes: Uint8Array, file: string, options: LoadOptions): Load {
  const digest = digestOf(bytes);
  const reading = readDocument(bytes, file);
  if (reading.kind === "problems") return { kind: "rejected", digest, problems: reading.problems };
  const { value, locate } = reading.document;
  const judged = finish(judge(value, { digest, directory: dirname(resolve(file)) }, options));
  if (judged.kind === "loaded") return loadedBy(judged);
  return { kind: "rejected", digest, problems: inOrder(judged.complaints.map(locate)) };
}

/** What `guise check` looks at beyond a load. */
export interface Examined {
  readonly load: Extract<Load, { kind: "loaded" }>;
  /** The file as it says it, and as it was read. */
  readonly value: unknown;
  readonly config: Config;
  locate(complaint: Complaint): Problem;
}

/** The same as `load`, and every secret must be there, also those that nobody reads before the start. */
export async function examine(
  file: string,
  options: LoadOptions,
): Promise<Extract<Load, { kind: "rejected" }> | ({ readonly kind: "examined" } & Examined)> {
  const bytes = await bytesOf(file);
  if (typeof bytes === "string") return unreadable(file, bytes);
  const digest = digestOf(bytes);
  const reading = readDocument(bytes, file);
  if (reading.kind === "problems") return { kind: "rejected", digest, problems: reading.problems };
  const { value, locate } = reading.document;
  const directory = dirname(resolve(file));
  const judged = finish(judge(value, { digest, directory }, options));
  const absent = missingSecrets(value, secretReader({ env: options.env, directory }));
  const missing = judged.kind === "loaded" && absent.length === 0 ? webhooksToldTwice(judged.parts) : absent;
  if (judged.kind === "loaded" && missing.length === 0) {
    const { config, ...load } = judged;
    return { kind: "examined", load, value, config, locate };
  }
  // What a whole entry says is said once more by its own place, which tells more.
  const others = (judged.kind === "loaded" ? [] : judged.complaints).filter(
    ({ message }) => !missing.some((it) => it.message === message),
  );
  return { kind: "rejected", digest, problems: inOrder([...others, ...missing].map(locate)) };
}

/** The same as the schema says of addresses as they are written, of what stands in their secrets. */
export function webhooksToldTwice({ audit, secret }: StartParts): readonly Complaint[] {
  const read = audit.webhooks.map(({ url, format, events }) => ({ url: secret(url), format, events }));
  return toldTwice(read).map(({ at, message }) => ({ path: ["audit", "webhooks", at], message }));
}

/** The same as `load`, for a gateway that runs: a large file is read in a thread of its own, and all else is done in slices. */
export async function reload(file: string, options: LoadOptions): Promise<Load> {
  const bytes = await bytesOf(file);
  if (typeof bytes === "string") return unreadable(file, bytes);
  const digest = digestOf(bytes);
  const reading = await readAside(bytes, file);
  if (reading.kind === "problems") return { kind: "rejected", digest, problems: reading.problems };
  const { document } = reading;
  try {
    const place = { digest, directory: dirname(resolve(file)) };
    const judged = await inSlices(judge(document.value, place, options));
    if (judged.kind === "loaded") return loadedBy(judged);
    return { kind: "rejected", digest, problems: inOrder(await document.locate(judged.complaints)) };
  } finally {
    await document.close();
  }
}

function unreadable(file: string, message: string): Extract<Load, { kind: "rejected" }> {
  return { kind: "rejected", digest: null, problems: [{ file, line: 1, column: 1, path: "", message }] };
}

type Judgement =
  | (Extract<Load, { kind: "loaded" }> & { readonly config: Config })
  | { readonly kind: "complaints"; readonly complaints: readonly Complaint[] };

/** The config itself is not kept: what it says is compiled. */
function loadedBy({ config: _, ...loaded }: Extract<Judgement, { kind: "loaded" }>): Load {
  return loaded;
}

/** Checks and compiles what a file says. */
function* judge(
  value: unknown,
  { digest, directory }: { readonly digest: string; readonly directory: string },
  options: LoadOptions,
): Steps<Judgement> {
  const deps = { ...options.deps, directory, secret: secretReader({ env: options.env, directory }) };
  const beside = misplaced(value);
  const checked = yield* validate(value, configSchema(options.kinds));
  if (checked.kind === "complaints") {
    const among = yield* complaintsAmong(yield* salvage(value, options.kinds), deps);
    return { kind: "complaints", complaints: [...beside, ...checked.complaints, ...among] };
  }
  const evidence = evidenceNamesOf(fieldOf(value, "identity"));
  const compiled = yield* compile(checked.value, { digest, evidence, deps });
  if (compiled.kind === "complaints" || beside.length > 0) {
    const others = compiled.kind === "complaints" ? compiled.complaints : [];
    return { kind: "complaints", complaints: [...beside, ...others] };
  }
  const parts = { ...partsOf(checked.value, value, directory), secret: deps.secret };
  const summary = summaryOf(checked.value);
  return { kind: "loaded", snapshot: compiled.snapshot, parts, summary, config: checked.value };
}

/** `sha256:` and 64 hex digits. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function summaryOf(config: Config): Summary {
  const { agents, owners, apps = {} } = config;
  const all = [config, ...Object.values(apps)];
  const [routes, rules] = [all.flatMap((it) => it.routes), all.flatMap((it) => it.rules)];
  return {
    apps: Object.keys(apps),
    agents: agents.length,
    owners: Object.keys(owners).length,
    routes: routes.length,
    rules: rules.length,
    presets: rules.flatMap(({ preset }) => preset ?? []),
  };
}

function partsOf(config: Config, value: unknown, directory: string): Omit<StartParts, "secret"> {
  const { capture: _, readers: __, ...audit } = config.audit;
  const written = JSON.stringify([
    config.data,
    config.prefix,
    config.cookie,
    appsOf(config).map(({ name, publicUrl }) => [name, schemeOf(publicUrl)]),
    config.keys,
    fieldOf(value, "store"),
    audit,
  ]);
  return {
    store: config.store ?? null,
    data: resolve(directory, config.data),
    keys: keyFiles(config.keys, directory),
    audit: {
      webhooks: config.audit.webhooks,
      redis: config.audit.redis?.url ?? null,
      secrets: { names: config.audit.redact, hash: config.audit.hash },
    },
    written,
  };
}

function keyFiles({ token, checkpoint, data }: Config["keys"], directory: string): StartParts["keys"] {
  const paths = (files: readonly { readonly fromFile: string }[]) =>
    files.map((it) => resolve(directory, it.fromFile));
  return {
    ...(token === undefined ? {} : { token: paths(token) }),
    ...(checkpoint === undefined ? {} : { checkpoint: paths(checkpoint) }),
    ...(data === undefined ? {} : { data: resolve(directory, data.fromFile) }),
  };
}

async function bytesOf(file: string): Promise<Uint8Array | string> {
  try {
    return await readFile(file);
  } catch (error) {
    if (codeOf(error) === "") throw error;
    if (isGone(error)) return "there is no such file; name another with -c, or copy the example";
    return `the file can not be read (${codeOf(error)}); check its owner and mode`;
  }
}
