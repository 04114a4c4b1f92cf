import { readFile, writeFile } from "node:fs/promises";
import { parse, stringify } from "yaml";
import { prettifyError, z } from "zod";
import type { Snapshot } from "../../config/snapshot.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Owner, OwnerLookup } from "../../domain/owner.ts";
import { Fault, whyOf } from "../../errors.ts";
import type { OwnerResolver, Users } from "../../ports.ts";

/** Of a person only what a decision can depend on. */
const facts = z.strictObject({ id: z.string(), groups: z.array(z.string()).nullable() });
const failed = z.strictObject({ failed: z.literal(true) });
const schema = z.strictObject({
  owners: z
    .record(z.string(), z.union([facts.extend({ viewers: z.array(z.string()) }), failed, z.null()]))
    .default({}),
  users: z.record(z.string(), z.union([facts, failed, z.null()])).default({}),
});

type Recorded = z.output<typeof schema>;

/** What lookups said: owners by address, people by id. */
interface Recording {
  readonly owners: Recorded["owners"];
  readonly users: Recorded["users"];
}

const HEAD = `# What the lookups said when \`guise test --record\` asked them. \`guise test --recorded\` asks nobody but this file.\n`;

/** A question of a test that the recording has no answer to. */
export class NotRecorded extends Error {}

/** Where the recording of a file of tests stands: \`routes.test.yaml\` has \`routes.test.recorded.yaml\`. */
export function recordingPath(tests: string): string {
  return `${tests.replace(/\.ya?ml$/, "")}.recorded.yaml`;
}

export async function readRecording(path: string): Promise<Recording> {
  let value: unknown;
  try {
    value = parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new Fault("usage", `${path} can not be read: ${whyOf(cause)}; make it with guise test --record`, {
      cause,
    });
  }
  const read = schema.safeParse(value ?? {});
  if (!read.success)
    throw new Fault("usage", `${path} is no recording:\n${prettifyError(read.error)}`, { cause: read.error });
  return read.data;
}

export async function writeRecording(path: string, recording: Recording): Promise<void> {
  await writeFile(path, HEAD + stringify(recording, { sortMapEntries: true }));
}

/** The same config, and what its lookups say is kept in the recording. */
export function recording(snapshot: Snapshot): { readonly snapshot: Snapshot; readonly kept: Recording } {
  const kept: Recorded = { owners: {}, users: {} };
  const owners = new Map(
    [...snapshot.owners].map(([name, resolver]): [string, OwnerResolver] => [
      name,
      {
        resolve: async (lookup, signal) => {
          const said = await keeping(() => resolver.resolve(lookup, signal));
          kept.owners[addressOf(lookup)] = said.kind === "failed" ? FAILED : ownerIn(said.value);
          return answerOf(said);
        },
      },
    ]),
  );
  const { users } = snapshot;
  const asked: Users | null = users && {
    find: async (id) => {
      const said = await keeping(() => users.find(id));
      kept.users[id] = said.kind === "failed" ? FAILED : personIn(said.value);
      return answerOf(said);
    },
    search: async () => [],
  };
  return { snapshot: { ...snapshot, owners, users: asked }, kept };
}

/** The same config, and its lookups say what was recorded. */
export function replaying(snapshot: Snapshot, { owners, users }: Recording): Snapshot {
  const resolver = (name: string): OwnerResolver => ({
    resolve: async (lookup) => {
      const answer = owners[addressOf(lookup)];
      if (answer === undefined)
        throw new NotRecorded(
          `nothing is recorded of \`${name}\` for ${addressOf(lookup)}; run guise test --record`,
        );
      if (answer !== null && "failed" in answer) throw new Fault("owner-lookup-failed", "as it was recorded");
      return answer === null ? null : { ...answer, name: null, email: null };
    },
  });
  return {
    ...snapshot,
    owners: new Map([...snapshot.owners.keys()].map((name) => [name, resolver(name)])),
    users: snapshot.users && {
      find: async (id) => {
        const answer = users[id];
        if (answer === undefined)
          throw new NotRecorded(`nothing is recorded of the person ${id}; run guise test --record`);
        if (answer !== null && "failed" in answer)
          throw new Fault("users-lookup-failed", "as it was recorded");
        return answer === null ? null : { ...answer, name: null, email: null };
      },
      search: async () => [],
    },
  };
}

const FAILED = { failed: true } as const;

type Said<T> =
  | { readonly kind: "said"; readonly value: T }
  | { readonly kind: "failed"; readonly fault: Fault };

async function keeping<T>(ask: () => Promise<T>): Promise<Said<T>> {
  try {
    return { kind: "said", value: await ask() };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { kind: "failed", fault: error };
  }
}

function answerOf<T>(said: Said<T>): T {
  if (said.kind === "failed") throw said.fault;
  return said.value;
}

/** Host, path and query say all that a lookup can be asked by. */
function addressOf({ host, path, query }: OwnerLookup): string {
  return `${host}${path}${query === null ? "" : `?${query}`}`;
}

function personIn(person: Identity | null) {
  if (person === null) return null;
  const { id, groups } = person;
  return { id, groups: groups === null ? null : [...groups] };
}

function ownerIn(owner: Owner | null) {
  const person = personIn(owner);
  return person === null || owner === null ? null : { ...person, viewers: [...owner.viewers] };
}
