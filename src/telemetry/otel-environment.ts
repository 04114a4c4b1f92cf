import { Fault } from "../errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const PROTOCOLS = ["http/protobuf", "http/json"] as const;
const SAMPLERS = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

/** How traces are sent. Where they go, and with what, the exporter reads from the environment itself. */
export interface TracingSettings {
  readonly protocol: (typeof PROTOCOLS)[number];
  readonly sampler: (typeof SAMPLERS)[number];
  readonly ratio: number;
  /** Spans that wait; more are dropped, and how many is in the log. */
  readonly queue: number;
  readonly batch: number;
  /** Between two batches, and for one, ms. */
  readonly every: number;
  readonly timeout: number;
}

/** What the standard `OTEL_*` variables say of traces; null: nothing is traced. Throws `config-invalid` for what can't be done. */
export function tracingSettings(env: Environment): TracingSettings | null {
  const one = reader(env);
  if (!isOn(one)) return null;
  const queue = one.whole("OTEL_BSP_MAX_QUEUE_SIZE", 2_048, 65_536);
  return {
    protocol: protocolOf(one),
    sampler: one.oneOf("OTEL_TRACES_SAMPLER", SAMPLERS, "parentbased_always_on"),
    ratio: ratioOf(one),
    queue,
    batch: Math.min(queue, one.whole("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512, 65_536)),
    every: one.whole("OTEL_BSP_SCHEDULE_DELAY", 5_000, 3_600_000),
    timeout: one.whole("OTEL_BSP_EXPORT_TIMEOUT", 30_000, 3_600_000),
  };
}

const ENDPOINTS = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"] as const;

/** Unlike the standard's own default, nothing is sent where no variable names a collector or asks for it. */
function isOn(one: Reader): boolean {
  if (one.text("OTEL_SDK_DISABLED")?.toLowerCase() === "true") return false;
  const named = ENDPOINTS.filter((name) => one.text(name) !== null);
  const exporter = one.oneOf("OTEL_TRACES_EXPORTER", ["otlp", "none"], named.length === 0 ? "none" : "otlp");
  if (exporter === "none") return false;
  for (const name of named) one.url(name);
  return true;
}

function protocolOf(one: Reader): TracingSettings["protocol"] {
  const general = one.oneOf("OTEL_EXPORTER_OTLP_PROTOCOL", PROTOCOLS, "http/protobuf");
  return one.oneOf("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", PROTOCOLS, general);
}

function ratioOf(one: Reader): number {
  const text = one.text("OTEL_TRACES_SAMPLER_ARG");
  if (text === null) return 1;
  const ratio = Number(text);
  if (ratio >= 0 && ratio <= 1) return ratio;
  throw invalid("OTEL_TRACES_SAMPLER_ARG", "a number from 0 to 1");
}

type Reader = ReturnType<typeof reader>;

function reader(env: Environment) {
  /** Null for one that isn't set or is empty, which means the same. */
  const text = (name: string): string | null => {
    const value = env[name]?.trim() ?? "";
    return value === "" ? null : value;
  };
  return {
    text,
    oneOf<Word extends string>(name: string, words: readonly Word[], usual: Word): Word {
      const value = text(name);
      const word = value === null ? usual : words.find((it) => it === value);
      if (word === undefined) throw invalid(name, `one of ${words.join(", ")}`);
      return word;
    },
    whole(name: string, usual: number, most: number): number {
      const value = text(name);
      if (value === null) return usual;
      const number = /^\d{1,9}$/.test(value) ? Number(value) : 0;
      if (number >= 1 && number <= most) return number;
      throw invalid(name, `a whole number from 1 to ${most}`);
    },
    url(name: string): void {
      if (!/^https?:$/.test(URL.parse(text(name) ?? "")?.protocol ?? ""))
        throw invalid(name, "an address like http://127.0.0.1:4318");
    },
  };
}

function invalid(name: string, wanted: string): Fault {
  return new Fault("config-invalid", `${name} has to be ${wanted}`);
}
