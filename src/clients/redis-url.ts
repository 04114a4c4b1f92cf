import { addressWords } from "./address-words.ts";

const { wrong, decoded } = addressWords("Redis");

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where a Redis is, and how it is put together. */
export interface RedisAddress {
  readonly kind: "single" | "sentinel" | "cluster";
  /** Of the server, the sentinels, or some nodes of the cluster; at least one. */
  readonly hosts: readonly Address[];
  readonly tls: boolean;
  readonly username: string | null;
  readonly password: string | null;
  readonly db: number;
  /** What the sentinels call the group; "" for the other kinds. */
  readonly group: string;
  readonly sentinelUsername: string | null;
  readonly sentinelPassword: string | null;
}

const SHAPE =
  /^(?<scheme>rediss?)(?:[+-](?<kind>sentinel|cluster))?:\/\/(?:(?<user>[^/]*)@)?(?<hosts>[^/?#@]+)(?:\/(?<path>[^?#]*))?(?:\?(?<query>[^#]*))?$/;
const HOST = /^(?<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?<port>\d{1,5}))?$/;
const HELP =
  "write redis://HOST:6379/0, rediss://… for TLS, redis+sentinel://HOST,HOST/GROUP/0 or redis+cluster://HOST,HOST";

/** Reads a Redis URL. Throws a Fault `config-invalid` that never repeats the URL, since a password may be in it. */
export function parseRedisUrl(url: string): RedisAddress {
  const parts = SHAPE.exec(url.trim())?.groups;
  if (parts === undefined) throw wrong(`this is no Redis URL; ${HELP}`);
  const kind = (parts.kind ?? "single") as RedisAddress["kind"];
  const hosts = (parts.hosts ?? "")
    .split(",")
    .map((text) => addressOf(text, kind === "sentinel" ? 26_379 : 6_379));
  if (kind === "single" && hosts.length > 1)
    throw wrong("several hosts need redis+sentinel:// or redis+cluster://");
  const [username, password] = (parts.user ?? "").split(/:(.*)/s).map(decoded);
  return {
    kind,
    hosts,
    tls: parts.scheme === "rediss",
    username: username || null,
    password: password || null,
    ...placeOf(kind, parts.path ?? ""),
    ...sentinelsOf(kind, new URLSearchParams(parts.query ?? "")),
  };
}

function addressOf(text: string, usual: number): Address {
  const parts = HOST.exec(text.trim())?.groups;
  const port = Number(parts?.port ?? usual);
  if (parts?.host === undefined || port < 1 || port > 65_535)
    throw wrong("a host is written HOST or HOST:PORT");
  return { host: parts.host.replace(/^\[|\]$/g, ""), port };
}

function placeOf(kind: RedisAddress["kind"], path: string): Pick<RedisAddress, "db" | "group"> {
  const parts = path.split("/").filter((part) => part !== "");
  const group = kind === "sentinel" ? decoded(parts.shift() ?? "") : "";
  if (kind === "sentinel" && group === "") throw wrong("sentinels need the name of the group: …/mymaster");
  const [db = "0", ...more] = parts;
  if (!/^\d{1,5}$/.test(db) || more.length > 0) throw wrong("the database is a number: …/0");
  if (kind === "cluster" && db !== "0") throw wrong("a cluster has only the database 0");
  return { db: Number(db), group };
}

function sentinelsOf(
  kind: RedisAddress["kind"],
  query: URLSearchParams,
): Pick<RedisAddress, "sentinelUsername" | "sentinelPassword"> {
  const known = kind === "sentinel" ? ["sentinelUsername", "sentinelPassword"] : [];
  const unknown = [...query.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw wrong(`the parameter \`${unknown}\` is not known here`);
  return {
    sentinelUsername: query.get("sentinelUsername"),
    sentinelPassword: query.get("sentinelPassword"),
  };
}
