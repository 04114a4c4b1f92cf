import { randomBytes } from "node:crypto";
import type { Test } from "tap";
import { httpClient } from "../../src/clients/http.ts";
import { secretReader } from "../../src/clients/secret.ts";
import { identityKinds } from "../../src/identity/registry.ts";
import { kindEntry } from "../../src/kinds.ts";
import type { IdentitySource } from "../../src/ports.ts";
import { signIns } from "../../src/sessions/sign-ins.ts";
import { type Service, service } from "../fixtures/apps/service.ts";
import { fakeClock } from "../fixtures/clock.ts";
import { memoryBackend } from "../fixtures/gateway/memory-store.ts";
import { fakeLog } from "../fixtures/log.ts";

export const entrySchema = kindEntry(identityKinds, "an identity source");

/** What sources get in tests: a clock that stands, a log that can be read, a real HTTP client. */
export function identityDeps(t: Test, env: Record<string, string> = {}, now?: number) {
  const http = httpClient();
  t.teardown(() => http.close());
  const secret = secretReader({ env, directory: "." });
  const clock = fakeClock(now);
  const kept = signIns(clock);
  kept.keepIn(memoryBackend(clock).store, randomBytes(32));
  return { clock, log: fakeLog(), http, secret, signIns: kept };
}

/** A source as the config makes it. */
export function sourceFrom(entry: unknown, deps: ReturnType<typeof identityDeps>): IdentitySource {
  return entrySchema.parse(entry).create(deps);
}

/** What the config says is wrong with an entry. */
export function problems(entry: unknown): readonly string[] {
  const issues = entrySchema.safeParse(entry).error?.issues ?? [];
  return issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

/** A service that the test's end closes. */
export async function running(t: Test, listener: Parameters<typeof service>[0]): Promise<Service> {
  const server = await service(listener);
  t.teardown(() => server.close());
  return server;
}
