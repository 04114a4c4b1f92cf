import type { Clock, Closing, Log } from "../../ports.ts";
import type { Source } from "../journal/source.ts";
import { RedisStream } from "./redis-stream.ts";
import { Shipper, type ShipperStatus } from "./shipper.ts";
import type { Sink } from "./sink.ts";
import { Webhook, type WebhookOptions } from "./webhook.ts";

/** Where records go besides the journal; `redis` null: the journal is the archive, and nothing is deleted from it. */
export interface ShippingPlan {
  readonly redis: { readonly url: string; readonly stream: string } | null;
  readonly webhooks?: readonly WebhookOptions[];
}

/** All shippers of one gateway. */
export interface Shipping extends Closing {
  status(): readonly ShipperStatus[];
}

/**
 * Starts a shipper for each place of the plan. Nothing waits for them, and closing them sends what is left, for 5 s. Throws a
 * Fault `config-invalid` for an address or a secret that can't be used.
 */
export function shipping(
  plan: ShippingPlan,
  source: Source,
  deps: { readonly clock: Clock; readonly log: Log },
): Shipping {
  const { folder, producer } = source;
  const sinkDeps = { ...deps, folder, producer };
  // What the config has wrong must be known before anything runs.
  const hooks = (plan.webhooks ?? []).map((options) => new Webhook(options, sinkDeps));
  const start = (sink: Sink) => new Shipper({ source, sink, ...deps });
  const stream = plan.redis === null ? null : start(new RedisStream(plan.redis, sinkDeps));
  const told = hooks.map(start);
  if (stream !== null) source.shipped((it) => stream.shipped(it));
  const shippers = stream === null ? told : [stream, ...told];
  return {
    status: () => shippers.map((it) => it.status()),
    close: async () => {
      await Promise.all(shippers.map((it) => it.close()));
    },
  };
}
