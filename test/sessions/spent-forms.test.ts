import t from "tap";
import { spentForms } from "../../src/sessions/spent-forms.ts";
import { fakeClock } from "../fixtures/clock.ts";
import { memoryBackend, memoryHub } from "../fixtures/gateway/memory-store.ts";

t.test("a form counts once, on whichever gateway it is sent twice", async (t) => {
  const clock = fakeClock();
  const hub = memoryHub();
  const [one, other] = [memoryBackend(clock, hub), memoryBackend(clock, hub)];
  const until = clock.now() + 1_000;
  const sent = [one, other, one, other].map(({ store }) => spentForms(store).spend("a", until));
  t.equal((await Promise.all(sent)).filter((counts) => counts).length, 1);
  t.equal(await spentForms(other.store).spend("b", until), true);
  t.equal(await spentForms(one.store).spend("a", until), false);
});
