import { storeContract } from "../contracts/store.ts";
import { fakeClock } from "../fixtures/clock.ts";
import { memoryBackend, memoryHub } from "../fixtures/gateway/memory-store.ts";

storeContract("memory", async () => {
  const clock = fakeClock();
  const hub = memoryHub();
  return {
    open: async () => memoryBackend(clock, hub),
    now: () => clock.now(),
    pass: async (ms) => clock.pass(ms),
    stop: async () => hub.held.clear(),
  };
});
