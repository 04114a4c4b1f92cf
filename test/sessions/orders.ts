import { Fault } from "../../src/errors.ts";
import { openImpersonations } from "../../src/sessions/impersonations.ts";
import type { StoreBackend } from "../../src/sessions/stores/store.ts";
import { type FakeClock, fakeClock } from "../fixtures/clock.ts";
import { memoryBackend, memoryHub } from "../fixtures/gateway/memory-store.ts";
import { type FakeLog, fakeLog } from "../fixtures/log.ts";

type OpenOrder = Parameters<OpenImpersonations["open"]>[0];

type OpenImpersonations = ReturnType<typeof openImpersonations>;

type ImpersonationsDeps = Parameters<typeof openImpersonations>[0];

export const SEAL_KEY = new Uint8Array(32).fill(1);
const person = (id: string, name: string) => ({ id, name, email: null, groups: null });
let count = 0;

/** An order for an impersonation of Nuno by Alice, for an hour, fifteen minutes idle. */
export function order(now: number, change: Partial<OpenOrder> = {}): OpenOrder {
  count += 1;
  return {
    id: `imp-${count}`,
    agent: person("alice", "Alice"),
    effectiveUser: person("17", "Nuno"),
    mode: "read",
    reason: null,
    ticket: "T-1",
    returnTo: "/",
    now,
    total: 3_600_000,
    idle: 900_000,
    ownCookies: "sid=agent",
    scope: { host: "app.example.com", path: "/", secure: true, now },
    ...change,
  };
}

/** A gateway's book over a backend in memory that can be made unreachable. */
export interface SessionContext {
  readonly impersonations: OpenImpersonations;
  readonly log: FakeLog;
  readonly backend: StoreBackend;
  /** How often the store was asked to read or write. */
  readonly asked: { reads: number; writes: number };
  cutOff(cut: boolean): void;
}

export interface Services {
  readonly clock: FakeClock;
  context(options?: Partial<ImpersonationsDeps>): SessionContext;
  /** All that lies in the store, as text. */
  contents(): string;
}

/** Several gateways over one store in memory, under one clock. Nothing happens by itself: `check` is the test's to call. */
export function services(t: { teardown(fn: () => unknown): void }): Services {
  const clock = fakeClock();
  const hub = memoryHub();
  return {
    clock,
    contents: () => JSON.stringify([...hub.held]),
    context: (options = {}) => {
      const log = fakeLog();
      const backend = memoryBackend(clock, hub);
      const asked = { reads: 0, writes: 0 };
      let down = false;
      const guard = () => {
        if (down) throw new Fault("store-unavailable", "cut off by the test");
      };
      const cutOff = (cut: boolean) => {
        down = cut;
      };
      const { store, bulletin } = backend;
      const deps: ImpersonationsDeps = {
        clock,
        log,
        sealKey: SEAL_KEY,
        checkEvery: 1_000_000,
        store: {
          ...store,
          read: async (key) => {
            guard();
            asked.reads += 1;
            return await store.read(key);
          },
          write: async (key, value, how) => {
            guard();
            asked.writes += 1;
            return await store.write(key, value, how);
          },
          remove: async (key) => {
            guard();
            await store.remove(key);
          },
          list: async (prefix) => {
            guard();
            return await store.list(prefix);
          },
        },
        bulletin: {
          ...bulletin,
          tell: async (key) => {
            guard();
            await bulletin.tell(key);
          },
        },
        ...options,
      };
      const it = openImpersonations(deps);
      t.teardown(() => it.shut());
      return { impersonations: it, log, backend, asked, cutOff };
    },
  };
}
