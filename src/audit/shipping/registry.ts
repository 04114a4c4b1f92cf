import type { AnyKind } from "../../kinds.ts";
import { redisStream } from "./redis-stream.ts";
import type { Sink, SinkDeps } from "./sink.ts";
import { webhook } from "./webhook.ts";

/** All kinds of sinks. A new one is a file and a line here. */
export const sinkKinds: readonly AnyKind<SinkDeps, Sink>[] = [redisStream, webhook];
