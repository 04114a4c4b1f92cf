import t from "tap";
import { tracingSettings } from "../../src/telemetry/otel-environment.ts";

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };

t.test("nothing is traced unless a variable names a collector or asks for it", (t) => {
  for (const env of [
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: "" },
    { OTEL_SERVICE_NAME: "gateway", OTEL_TRACES_SAMPLER: "nonsense" },
    { ...ENDPOINT, OTEL_TRACES_EXPORTER: "none" },
    { ...ENDPOINT, OTEL_SDK_DISABLED: "true" },
  ])
    t.equal(tracingSettings(env), null, JSON.stringify(env));
  for (const env of [
    ENDPOINT,
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://collector.example/v1/traces" },
    { OTEL_TRACES_EXPORTER: "otlp" },
    { ...ENDPOINT, OTEL_SDK_DISABLED: "false" },
  ])
    t.same(
      tracingSettings(env),
      {
        protocol: "http/protobuf",
        sampler: "parentbased_always_on",
        ratio: 1,
        queue: 2_048,
        batch: 512,
        every: 5_000,
        timeout: 30_000,
      },
      JSON.stringify(env),
    );
  t.end();
});

t.test("each variable counts, that for traces before that for all", (t) => {
  t.same(
    tracingSettings({
      ...ENDPOINT,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/json",
      OTEL_TRACES_SAMPLER: "traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.25",
      OTEL_BSP_MAX_QUEUE_SIZE: "100",
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "500",
      OTEL_BSP_SCHEDULE_DELAY: "250",
      OTEL_BSP_EXPORT_TIMEOUT: "1000",
    }),
    {
      protocol: "http/json",
      sampler: "traceidratio",
      ratio: 0.25,
      queue: 100,
      batch: 100,
      every: 250,
      timeout: 1_000,
    },
  );
  t.end();
});

t.test("what can't be done is refused, by the name of its variable", (t) => {
  const wrong: Readonly<Record<string, string>> = {
    OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318",
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_TRACES_EXPORTER: "zipkin",
    OTEL_TRACES_SAMPLER: "sometimes",
    OTEL_TRACES_SAMPLER_ARG: "2",
    OTEL_BSP_MAX_QUEUE_SIZE: "0",
    OTEL_BSP_SCHEDULE_DELAY: "5s",
    OTEL_BSP_EXPORT_TIMEOUT: "-1",
  };
  for (const [name, value] of Object.entries(wrong))
    t.throws(() => tracingSettings({ ...ENDPOINT, [name]: value }), {
      code: "config-invalid",
      detail: new RegExp(`^${name} has to be `),
    });
  t.end();
});
