import type { Clock, Closing, Log } from "../ports.ts";
import { redisStream } from "./redis-stream.ts";
import { type Shipper, type ShipperStatus, shipper } from "./shipper.ts";
import type { Sink } from "./sink.ts";
import type { Source } from "./source.ts";

/** Where records go besides the journal; `redis` null: nowhere, the journal is all there is. */
export interface ShippingPlan {
  readonly redis: { readonly url: string; readonly stream: string } | null;
}

/** All shippers of one gateway. */
export interface Shipping extends Closing {
  status(): readonly ShipperStatus[];
}

/** Starts a shipper for each place of the plan. Nothing waits for them, and closing them sends what is left, for 5 s. */
export function shipping(
  plan: ShippingPlan,
  source: Source,
  deps: { readonly clock: Clock; readonly log: Log },
): Shipping {
  const sinks: readonly Sink[] = plan.redis === null ? [] : [redisStream.create({ redis: plan.redis }, deps)];
  const shippers = sinks.map((sink) => shipper({ source, sink, ...deps }));
  if (shippers.length > 0) source.shipped((producer) => everywhere(shippers, producer));
  return {
    status: () => shippers.map((it) => it.status()),
    close: async () => {
      await Promise.all(shippers.map((it) => it.close()));
    },
  };
}

/** The last record of a producer that every place has; null: one of them has none, or can't say. */
function everywhere(shippers: readonly Shipper[], producer: string): number | null {
  const places = shippers.map((it) => it.shipped(producer));
  return places.includes(null) ? null : Math.min(...places.map((place) => place ?? 0));
}
