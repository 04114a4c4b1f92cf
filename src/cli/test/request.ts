import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { Fault } from "../../errors.ts";
import { targetOf } from "../target.ts";
import type { MapTest } from "./file.ts";

/** What a browser says of a link that somebody clicked. */
const CLICKED = [
  ["Accept", "text/html,application/xhtml+xml,*/*;q=0.8"],
  ["Sec-Fetch-Dest", "document"],
  ["Sec-Fetch-Mode", "navigate"],
  ["Sec-Fetch-User", "?1"],
] as const;
/** And of a request of a page's script. */
const BY_SCRIPT = [
  ["Accept", "*/*"],
  ["Sec-Fetch-Dest", "empty"],
  ["Sec-Fetch-Mode", "cors"],
] as const;

const SITES = { outside: "cross-site", app: "same-origin", typed: "none" } as const;

/** How a test's browser is set up. */
interface Browser {
  /** What stands before addresses that are paths. */
  readonly origin: string;
  /** The cookie of the impersonation, with its value. */
  readonly cookie: string | null;
  /** Each impersonation has a host of its own. */
  readonly isolated: boolean;
}

/** The request that a browser would send for a test, as the server's own parser reads it. */
export async function requestOf(test: MapTest, browser: Browser): Promise<IncomingMessage> {
  const { origin, cookie, isolated } = browser;
  const { method, address } = asked(test);
  const url = new URL(address, origin);
  const body = bodyOf(test);
  const from = test.from ?? (test.viewing === null && test.open !== undefined ? "outside" : "app");
  // Who opens a page of an impersonation's own host comes from nowhere else.
  const site = isolated && test.viewing !== null ? "same-origin" : SITES[from];
  const given = Object.entries(test.headers ?? {});
  const headers = [
    ["Host", url.host],
    ...(test.open !== undefined || test.form !== undefined ? CLICKED : BY_SCRIPT),
    ["Sec-Fetch-Site", site],
    ...(cookie === null ? [] : [["Cookie", cookie]]),
    ...(test.page === undefined ? [] : [["Referer", new URL(test.page, url).href]]),
    ...(method === "GET" || method === "HEAD" ? [] : [["Origin", url.origin]]),
    ...(body === null
      ? []
      : [
          ["Content-Type", body.type],
          ["Content-Length", String(body.bytes.length)],
        ]),
  ].filter(([name]) => !given.some(([other]) => other.toLowerCase() === name?.toLowerCase()));
  const lines = [...headers, ...given].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = Buffer.from(`${method} ${targetOf(address)} HTTP/1.1\r\n${lines}\r\n`);
  return await parsed(Buffer.concat([head, body?.bytes ?? Buffer.alloc(0)]), url.protocol === "https:");
}

function asked({ open, send }: MapTest): { readonly method: string; readonly address: string } {
  if (open !== undefined) return { method: "GET", address: open };
  const [method = "GET", address = "/"] = (send ?? "").split(" ");
  return { method, address };
}

function bodyOf({ form, json }: MapTest): { readonly type: string; readonly bytes: Buffer } | null {
  if (form !== undefined)
    return {
      type: "application/x-www-form-urlencoded",
      bytes: Buffer.from(new URLSearchParams(form).toString()),
    };
  if (json !== undefined) return { type: "application/json", bytes: Buffer.from(JSON.stringify(json)) };
  return null;
}

/** One end of a connection that is only memory: its bytes come in, and what is answered goes nowhere. */
class Connection extends Duplex {
  /** What a server reads of a socket besides its bytes. */
  readonly remoteAddress = "127.0.0.1";
  readonly encrypted: boolean;
  #bytes: Buffer | null;

  constructor(bytes: Buffer, encrypted: boolean) {
    super();
    this.#bytes = bytes;
    this.encrypted = encrypted;
  }

  override _read(): void {
    const bytes = this.#bytes;
    this.#bytes = null;
    if (bytes !== null) this.push(bytes);
  }

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }

  setTimeout(): this {
    return this;
  }
}

/** The request as the parser of the server reads it. Throws a Fault for what it refuses. */
async function parsed(bytes: Buffer, encrypted: boolean): Promise<IncomingMessage> {
  const server = createServer();
  const refused = once(server, "clientError").then(([error]) => {
    throw new Fault("bad-request", error instanceof Error ? error.message : "the request can't be read");
  });
  const came = once(server, "request");
  server.emit("connection", new Connection(bytes, encrypted));
  const [raw] = await Promise.race([came, refused]);
  return raw as IncomingMessage;
}
