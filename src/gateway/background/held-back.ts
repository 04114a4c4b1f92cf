import type { Holder } from "../../config/hold.ts";
import type { Closing } from "../../ports.ts";
import { repeated } from "../services/repeated.ts";
import type { Services } from "../services/services.ts";

/**
 * Applies the blocks and the switch of administrators to the config: at once after each change, and at intervals in case a message was missed. While the
 * store can't be reached, the last known ones count.
 */
export function holdBack(
  services: Services,
  held: Holder,
  { every, switchedOff }: { readonly every: number; readonly switchedOff: () => Promise<void> },
): Closing & { look(): Promise<void> } {
  let known = "";
  const lookOnce = async () => {
    const { off, blocks } = await services.blocks.held();
    const now = JSON.stringify([off, blocks]);
    if (now === known) return;
    known = now;
    const blocked = new Map(blocks.map(({ agent, until }) => [agent, until]));
    held.overlay((policy) => ({ ...policy, blocked, ...(off === null ? {} : { impersonation: "off" }) }));
    if (off === null) return;
    services.sockets.cutImpersonated("ended-revoked");
    await switchedOff();
  };
  const looking = repeated(every, lookOnce, (err) =>
    services.log.warn({ err }, "what administrators have said could not be read; it is tried again"),
  );
  const leave = services.blocks.onChanged(() => void looking.again());
  return {
    look: looking.again,
    async close() {
      leave();
      await looking.close();
    },
  };
}
