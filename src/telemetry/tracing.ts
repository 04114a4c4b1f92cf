import type { IncomingHttpHeaders } from "node:http";
import type { Context, Span, Tracer } from "@opentelemetry/api";
import { type Trace, type Tracing, traceParent } from "../gateway/services/tracing.ts";
import type { Closing, Log } from "../ports.ts";
import { type TracingSettings, tracingSettings } from "./otel-environment.ts";

/** For what waits at the end, ms. */
const LAST_BATCH = 2_000;
const NAME = "guise";

interface OpenTracing extends Closing {
  readonly tracing: Tracing | null;
}

/**
 * Sends spans by OTLP over HTTP, as the `OTEL_*` variables say. Where they don't ask for it, `tracing` is null and nothing of OpenTelemetry
 * is loaded. Throws `config-invalid` for what they ask and can't be done.
 */
export async function openTracing(
  env: Readonly<Record<string, string | undefined>>,
  log: Log,
): Promise<OpenTracing> {
  const settings = tracingSettings(env);
  return settings === null ? { tracing: null, close: async () => undefined } : await sending(settings, log);
}

async function sending(settings: TracingSettings, log: Log): Promise<OpenTracing> {
  const api = await import("@opentelemetry/api");
  const { BatchSpanProcessor, TracerProvider } = await import("@opentelemetry/sdk-trace");
  api.diag.setLogger(speaking(log), { logLevel: api.DiagLogLevel.WARN, suppressOverrideMessage: true });
  const provider = new TracerProvider({
    resource: await resource(),
    sampler: await samplerOf(settings),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: await exporterOf(settings),
        maxQueueSize: settings.queue,
        maxExportBatchSize: settings.batch,
        scheduledDelayMillis: settings.every,
        exportTimeoutMillis: settings.timeout,
      }),
    ],
  });
  const tracer = provider.getTracer(NAME);
  return {
    tracing: { begin: (headers) => traceOf(api, tracer, headers) },
    async close() {
      const over = new Promise<void>((resolve) => setTimeout(resolve, LAST_BATCH).unref());
      await Promise.race([provider.shutdown(), over]);
    },
  };
}

async function exporterOf({ protocol }: TracingSettings) {
  const { OTLPTraceExporter } =
    protocol === "http/json"
      ? await import("@opentelemetry/exporter-trace-otlp-http")
      : await import("@opentelemetry/exporter-trace-otlp-proto");
  return new OTLPTraceExporter();
}

async function resource() {
  const { detectResources, envDetector, resourceFromAttributes } = await import("@opentelemetry/resources");
  const usual = resourceFromAttributes({ "service.name": NAME, "process.pid": process.pid });
  return usual.merge(detectResources({ detectors: [envDetector] }));
}

async function samplerOf({ sampler, ratio }: TracingSettings) {
  const sdk = await import("@opentelemetry/sdk-trace");
  const kind = sampler.replace("parentbased_", "");
  const root =
    kind === "always_off"
      ? new sdk.AlwaysOffSampler()
      : kind === "traceidratio"
        ? new sdk.TraceIdRatioBasedSampler(ratio)
        : new sdk.AlwaysOnSampler();
  return sampler === kind ? root : new sdk.ParentBasedSampler({ root });
}

type Api = typeof import("@opentelemetry/api");

/** The caller's span, where it names one, is the parent of ours. */
function traceOf(api: Api, tracer: Tracer, headers: IncomingHttpHeaders): Trace {
  const span = tracer.startSpan("request", { kind: api.SpanKind.SERVER }, callerOf(api, headers));
  const below = api.trace.setSpan(api.ROOT_CONTEXT, span);
  return {
    id: span.spanContext().traceId,
    lookUp({ what, name }) {
      const kind = api.SpanKind.CLIENT;
      const asked = tracer.startSpan(name === null ? what : `${what} ${name}`, { kind }, below);
      return (result) => {
        asked.setAttribute("guise.lookup", what).setAttribute("guise.lookup.result", result);
        if (result === "failed") fail(api, asked);
        asked.end();
      };
    },
    end(name, facts, failed) {
      span.updateName(name).setAttributes(facts);
      if (failed) fail(api, span);
      span.end();
    },
  };
}

function fail(api: Api, span: Span): void {
  span.setStatus({ code: api.SpanStatusCode.ERROR });
}

function callerOf(api: Api, { traceparent, tracestate }: IncomingHttpHeaders): Context {
  const caller = traceParent(traceparent as string | undefined);
  if (caller === null) return api.ROOT_CONTEXT;
  const { traceId, spanId, flags } = caller;
  const said = typeof tracestate === "string" ? { traceState: api.createTraceState(tracestate) } : {};
  const context = { traceId, spanId, traceFlags: flags, isRemote: true, ...said };
  return api.trace.setSpanContext(api.ROOT_CONTEXT, context);
}

/** What the library says, which is that spans could not be sent or were dropped, as lines of our log. */
function speaking(log: Log) {
  const say = (level: "error" | "warn") => (message: string) =>
    log[level]({ detail: message.slice(0, 1_000) }, "traces could not be sent as they should");
  const nothing = () => undefined;
  return { error: say("error"), warn: say("warn"), info: nothing, debug: nothing, verbose: nothing };
}
