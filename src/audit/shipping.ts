import type { AuditAction } from "../domain/audit-event.ts";
import type { Clock, Closing, Log } from "../ports.ts";
import { redisStream } from "./redis-stream.ts";
import { type ShipperStatus, shipper } from "./shipper.ts";
import type { Sink } from "./sink.ts";
import type { Source } from "./source.ts";
import { webhook } from "./webhook.ts";

/** Where records go besides the journal; `redis` null: the journal is the archive, and nothing is deleted from it. */
export interface ShippingPlan {
  readonly redis: { readonly url: string; readonly stream: string } | null;
  /** Addresses that are told of events, secrets read. What they miss is not kept for them. */
  readonly webhooks?: readonly {
    readonly url: string;
    readonly events?: readonly AuditAction[];
    readonly secret?: string;
    readonly format?: "json" | "slack";
  }[];
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
  const { folder, producer } = source;
  const start = (sink: Sink) => shipper({ source, sink, ...deps });
  const sinkDeps = { ...deps, folder, producer };
  const stream = plan.redis === null ? null : start(redisStream.create({ redis: plan.redis }, sinkDeps));
  const told = (plan.webhooks ?? []).map(({ url, events, secret, format = "json" }) => {
    const options = {
      url,
      format,
      ...(events === undefined ? {} : { events: [...events] }),
      ...(secret === undefined ? {} : { secret }),
    };
    return start(webhook.create({ webhook: options }, sinkDeps));
  });
  if (stream !== null) source.shipped((it) => stream.shipped(it));
  const shippers = stream === null ? told : [stream, ...told];
  return {
    status: () => shippers.map((it) => it.status()),
    close: async () => {
      await Promise.all(shippers.map((it) => it.close()));
    },
  };
}
