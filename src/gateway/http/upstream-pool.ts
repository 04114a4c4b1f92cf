import { isIP, type Socket } from "node:net";
import { createSecureContext, getCACertificates } from "node:tls";
import { buildConnector, type Dispatcher, Pool } from "undici";
import type { Settings } from "../../config/snapshot.ts";
import { codeOf } from "./upstream-errors.ts";

/** Where the app is and how long it may take; times in ms. A whole `Settings` fits. */
export interface UpstreamOptions {
  readonly upstream: Pick<
    Settings["upstream"],
    "origin" | "socket" | "ca" | "insecureSkipVerify" | "connections"
  >;
  readonly timeouts: Pick<Settings["timeouts"], "connect" | "answer">;
}

/** One request as it goes out; `servername` is known to undici but not to its types. */
export interface Outgoing extends Dispatcher.DispatchOptions {
  readonly servername: string;
}

/** The connections to the app. */
export interface Upstream {
  /** Name for TLS to ask for and check: ours, never the client's `Host`. */
  readonly servername: string;
  /** Sends one request, once. `streamed` says that its body comes at the client's pace. */
  dispatch(outgoing: Outgoing, streamed: boolean, handler: Dispatcher.DispatchHandler): void;
  /** Whether requests wait because every connection is taken. */
  crowded(): boolean;
  /** True while a handler is told of an answer whose connection was reset: its end is not the app's. */
  reset(): boolean;
  /** Waits for the requests in flight, then closes. */
  close(): Promise<void>;
}

/** Bytes of an answer's headers: enough for the long policies and many cookies of old apps. */
const ANSWER_HEADERS = 65_536;

/** Opens nothing yet. The certificate is checked unless the config says `insecureSkipVerify`. */
export function upstream(options: UpstreamOptions): Upstream {
  const { origin, connections } = options.upstream;
  const resets = { now: false };
  const settings = {
    connect: connector(options, resets),
    pipelining: 1,
    headersTimeout: options.timeouts.answer,
    bodyTimeout: 0,
    maxHeaderSize: ANSWER_HEADERS,
  };
  // Uploads have connections of their own: however many crawl, they can't take those that pages need.
  const forUploads = Math.floor(connections / 2);
  const plain = new Pool(origin, { ...settings, connections: connections - forUploads });
  const uploads = forUploads === 0 ? plain : new Pool(origin, { ...settings, connections: forUploads });
  let closing: Promise<void> | null = null;
  return {
    servername: hostOf(origin),
    dispatch: (outgoing, streamed, handler) => {
      (streamed ? uploads : plain).dispatch(outgoing, handler);
    },
    crowded: () => plain.stats.queued > 0 || uploads.stats.queued > 0,
    reset: () => resets.now,
    close: () => {
      closing ??= Promise.all([...new Set([plain, uploads])].map((pool) => pool.close())).then(
        () => undefined,
      );
      return closing;
    },
  };
}

function connector(
  { upstream: { origin, socket, ca, insecureSkipVerify }, timeouts }: UpstreamOptions,
  resets: { now: boolean },
) {
  const host = hostOf(origin);
  const secure = origin.startsWith("https:")
    ? { secureContext: trust(ca), rejectUnauthorized: !insecureSkipVerify }
    : {};
  const connect = buildConnector({
    allowH2: false,
    timeout: timeouts.connect,
    socketPath: socket,
    ...secure,
  });
  // A bare address has no server name; the certificate is then checked against the address.
  const servername = secure.secureContext === undefined || isIP(host) !== 0 ? "" : host;
  return (options: buildConnector.Options, callback: buildConnector.Callback): void => {
    const opened: unknown = connect({ ...options, servername }, callback);
    watchResets(opened as Socket, resets);
  };
}

/**
 * undici takes a reset for the end of a body that runs until the connection closes. Being first among the listeners of the
 * socket's errors we can say that such an end isn't one.
 */
function watchResets(socket: Socket, resets: { now: boolean }): void {
  socket.prependListener("error", (error) => {
    if (codeOf(error) !== "ECONNRESET") return;
    resets.now = true;
    queueMicrotask(() => {
      resets.now = false;
    });
  });
}

/** Made once: it holds a few hundred certificates. */
function trust(ca: string | null) {
  const known = [
    ...getCACertificates("default"),
    ...getCACertificates("system"),
    ...(ca === null ? [] : [ca]),
  ];
  return createSecureContext({ ca: [...new Set(known)] });
}

function hostOf(origin: string): string {
  return new URL(origin).hostname.replace(/^\[|\]$/g, "");
}
