import { resolve } from "node:path";
import { addressWords } from "../address-words.ts";

const { wrong, decoded } = addressWords("the database");

export type Dialect = "postgres" | "mysql" | "sqlite";

/** A server's address. `tls` means verified, by name and authority; there is no other. */
export interface ServerAddress {
  readonly dialect: "postgres" | "mysql";
  /** Name or address; "" where `socket` says where it is. */
  readonly host: string;
  readonly port: number;
  /** Path of a unix socket (for PostgreSQL: of its folder); null for TCP. */
  readonly socket: string | null;
  readonly user: string;
  readonly password: string | null;
  readonly database: string;
  readonly tls: boolean;
}

export interface FileAddress {
  readonly dialect: "sqlite";
  /** Absolute. */
  readonly file: string;
}

type DatabaseAddress = ServerAddress | FileAddress;

const SCHEMES = new Map<string, Pick<ServerAddress, "dialect" | "port">>([
  ["postgres:", { dialect: "postgres", port: 5432 }],
  ["postgresql:", { dialect: "postgres", port: 5432 }],
  ["mysql:", { dialect: "mysql", port: 3306 }],
  ["mariadb:", { dialect: "mysql", port: 3306 }],
]);
const HELP =
  "write postgres://USER@HOST:5432/DATABASE, mysql://USER@HOST:3306/DATABASE or sqlite:path/to/file";
const VERIFIED = new Set(["require", "required", "verify-ca", "verify_ca", "verify-full", "verify_identity"]);
const PLAIN = new Set(["disable", "disabled"]);

/**
 * Reads the address of a database. Throws a Fault `config-invalid` that never repeats it, since a password may be in it.
 * `directory` is where a relative path to an SQLite file starts.
 */
export function parseDatabaseUrl(text: string, directory: string): DatabaseAddress {
  const written = text.trim();
  const file = /^(?:sqlite|file):(?:\/\/(?=\/))?([^?#]+)$/.exec(written)?.[1];
  if (file !== undefined) return { dialect: "sqlite", file: resolve(directory, decoded(file)) };
  const url = URL.parse(written);
  if (url === null) throw wrong(`this is no address of a database; ${HELP}`);
  const scheme = SCHEMES.get(url.protocol);
  if (scheme === undefined) throw wrong(`\`${url.protocol}\` is not known here; ${HELP}`);
  const place = decoded(url.hostname).replace(/^\[|\]$/g, "");
  const socket = place.startsWith("/") ? place : null;
  const database = decoded(url.pathname.slice(1));
  if (place === "" || database === "" || database.includes("/"))
    throw wrong(`host or name of the database is missing; ${HELP}`);
  if (url.username === "") throw wrong(`the name of the user is missing; ${HELP}`);
  return {
    dialect: scheme.dialect,
    host: socket === null ? place : "",
    port: url.port === "" ? scheme.port : Number(url.port),
    socket,
    user: decoded(url.username),
    password: url.password === "" ? null : decoded(url.password),
    database,
    tls: tlsOf(url.searchParams, socket !== null || isLoopback(place)),
  };
}

/** How logs and problems name a database: without user and password. */
export function nameOf(address: DatabaseAddress): string {
  if (address.dialect === "sqlite") return `sqlite:${address.file}`;
  const { dialect, host, port, socket, database } = address;
  return `${dialect}://${socket ?? (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`)}/${database}`;
}

/** Whether an address holds a password, so that it must not stand in the config itself. */
export function holdsPassword(text: string): boolean {
  return URL.canParse(text.trim()) && new URL(text.trim()).password !== "";
}

function tlsOf(parameters: URLSearchParams, near: boolean): boolean {
  let mode: string | null = null;
  for (const [name, value] of parameters) {
    if (name !== "sslmode" && name !== "ssl-mode")
      throw wrong(`the parameter \`${name}\` is not known here; there is \`sslmode\``);
    mode = value.toLowerCase();
  }
  if (mode === null) return !near;
  if (VERIFIED.has(mode)) return true;
  if (PLAIN.has(mode)) return false;
  throw wrong(
    "`sslmode` is verify-full (certificates are always verified; see `ca`), or disable where nobody can listen",
  );
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}
