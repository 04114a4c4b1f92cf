import type { Test } from "tap";
import { clients } from "../../src/clients/clients.ts";
import { secretReader } from "../../src/clients/secret.ts";
import { type KnownResolver, ownerEntrySchema } from "../../src/owners/registry.ts";
import { type Service, service } from "../fixtures/apps/service.ts";
import { fakeClock } from "../fixtures/clock.ts";
import { fakeLog } from "../fixtures/log.ts";

/** What resolvers get in tests: a clock that stands and real clients. */
export function ownerDeps(t: Test, env: Record<string, string> = {}) {
  const log = fakeLog();
  const { borrowed, close } = clients(log);
  t.teardown(close);
  return {
    clock: fakeClock(),
    log,
    ...borrowed,
    directory: ".",
    secret: secretReader({ env, directory: "." }),
  };
}

/** A resolver as the config makes it. */
export function resolverFrom(entry: unknown, deps: ReturnType<typeof ownerDeps>): KnownResolver {
  return ownerEntrySchema.parse(entry).create(deps);
}

/** What the config says is wrong with an entry. */
export function problems(entry: unknown): readonly string[] {
  const issues = ownerEntrySchema.safeParse(entry).error?.issues ?? [];
  return issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

/** A service that the test's end closes. */
export async function running(t: Test, listener: Parameters<typeof service>[0]): Promise<Service> {
  const server = await service(listener);
  t.teardown(() => server.close());
  return server;
}
