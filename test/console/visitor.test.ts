import type { FastifyReply } from "fastify";
import t from "tap";
import { visitor } from "../../src/console/visitor.ts";
import { SECRET } from "../fixtures/client/cookies.ts";
import { ALICE, BOB, impersonate, receive } from "../fixtures/gateway/stages.ts";
import { type TestServices, testServices } from "../fixtures/gateway/test-services.ts";

async function seen(it: TestServices, lines: readonly string[]) {
  const received = await receive(it, ["GET /.guise/start", ...lines]);
  return await visitor(it.services, { request: { received } } as FastifyReply);
}

t.test("a visitor is the true user and their impersonation", async (t) => {
  const it = await testServices(t);
  const { cookie, impersonation } = await impersonate(it);
  t.match(await seen(it, [...ALICE]), { trueUser: { id: "alice" }, impersonation: null });
  t.match(await seen(it, [...ALICE, cookie]), {
    trueUser: { id: "alice" },
    impersonation: { id: impersonation.id },
  });
  t.match(await seen(it, []), { trueUser: null, impersonation: null });
});

t.test("what has ended, is lost or somebody else's is not the visitor's impersonation", async (t) => {
  const it = await testServices(t);
  const { cookie, impersonation } = await impersonate(it);
  t.equal((await seen(it, [...BOB, cookie])).impersonation, null);
  t.equal((await seen(it, [cookie])).impersonation, null);
  t.equal((await seen(it, [...ALICE, `Cookie: guise=${SECRET}`])).impersonation, null);
  it.clock.pass(900_000);
  t.equal((await seen(it, [...ALICE, cookie])).impersonation, null, "it ran out");
  const other = await impersonate(it);
  await it.impersonations.close(other.impersonation.id, "ended-revoked");
  t.equal((await seen(it, [...ALICE, other.cookie])).impersonation, null);
  t.equal((await it.impersonations.list())[0]?.id, impersonation.id, "looking ends nothing");
});

t.test("what the cookie leads to is known besides, also another agent's", async (t) => {
  const it = await testServices(t);
  const { cookie, impersonation } = await impersonate(it);
  t.match(await seen(it, [...BOB, cookie]), {
    anyImpersonation: { id: impersonation.id },
    ownImpersonation: null,
  });
  t.match(await seen(it, [...ALICE, cookie]), {
    anyImpersonation: { id: impersonation.id },
    ownImpersonation: { id: impersonation.id },
  });
  t.match(await seen(it, [cookie]), { anyImpersonation: null, ownImpersonation: null });
});

t.test("what could not be found out is never nobody", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  it.clock.pass(2_000);
  it.breakDown(["identity"]);
  await t.rejects(seen(it, [...ALICE]), { code: "identity-unavailable" });
  it.breakDown(["store"]);
  await t.rejects(seen(it, [...ALICE, cookie]), { code: "store-unavailable" });
  t.match(await seen(it, [...ALICE]), { trueUser: { id: "alice" } });
});
