import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import protobuf from "protobufjs";

const { resolve } = createRequire(import.meta.url);
const XDS = join(dirname(resolve("@grpc/grpc-js-xds/package.json")), "deps");
const FOLDERS = [
  ...["envoy-api", "googleapis", "protoc-gen-validate", "xds"].map((name) => join(XDS, name)),
  dirname(resolve("protobufjs/package.json")),
];
const FILES = [
  "envoy/config/route/v3/route.proto",
  "envoy/config/cluster/v3/cluster.proto",
  "envoy/extensions/transport_sockets/tls/v3/tls.proto",
];

/** Envoy's own messages, as gRPC's package carries their protos. */
const root = new protobuf.Root();
const usual = root.resolvePath;
root.resolvePath = (origin, target) =>
  FOLDERS.map((folder) => join(folder, target)).find((path) => existsSync(path)) ?? usual(origin, target);
root.loadSync(FILES, { keepCase: true });
root.resolveAll();

/** What in a value is no field of this message, or of no kind that the field takes, each with where it stands. */
export function notOfMessage(name: string, value: unknown, at = ""): readonly string[] {
  const wrong = [`${at} is no ${name}: ${JSON.stringify(value)}`];
  if (name === "google.protobuf.Duration") return /^\d+(?:\.\d{1,9})?s$/.test(String(value)) ? [] : wrong;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong;
  if (name === "google.protobuf.Any") {
    const { "@type": type, ...rest } = value as Readonly<Record<string, unknown>>;
    const packed = /^type\.googleapis\.com\/(.+)$/.exec(String(type))?.[1];
    return packed === undefined ? wrong : notOfMessage(packed, rest, at);
  }
  const message = root.lookupType(name);
  const choices = message.oneofsArray.filter((it) => it.oneof.filter((field) => field in value).length > 1);
  return [
    ...choices.map((it) => `${at} has more than one ${it.name}`),
    ...Object.entries(value).flatMap(([key, it]) => {
      const field = message.fields[key];
      if (field === undefined) return [`${at}.${key} is no field of ${name}`];
      if (!field.repeated) return notOfField(field, it, `${at}.${key}`);
      if (!Array.isArray(it)) return [`${at}.${key} is no list`];
      return it.flatMap((one, index) => notOfField(field, one, `${at}.${key}.${index}`));
    }),
  ];
}

function notOfField(field: protobuf.Field, value: unknown, at: string): readonly string[] {
  const { resolvedType, type } = field;
  if (resolvedType instanceof protobuf.Type) return notOfMessage(resolvedType.fullName.slice(1), value, at);
  const fits =
    resolvedType instanceof protobuf.Enum
      ? typeof value === "string" && value in resolvedType.values
      : type === "string"
        ? typeof value === "string"
        : type === "bool"
          ? typeof value === "boolean"
          : Number.isInteger(value);
  return fits ? [] : [`${at} is no ${resolvedType?.name ?? type}: ${JSON.stringify(value)}`];
}
