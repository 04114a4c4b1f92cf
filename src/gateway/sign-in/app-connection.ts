import { type IncomingMessage, request } from "node:http";
import type { Settings } from "../../config/snapshot.ts";
import type { MadeSession } from "../../sessions/app-sessions.ts";
import type { AppAnswer, AppConnection, AppRequest } from "../../signin/sign-in.ts";
import { type Dial, dialer } from "../http/client/dial.ts";
import { isSecure, ourNames } from "../intake/cookie-scope.ts";
import { publicAddresses } from "../response/response-headers.ts";
import { getOrInsert } from "../services/get-or-insert.ts";

/** How an app is asked on behalf of one impersonation. */
interface AskedBy {
  readonly by: MadeSession["by"];
  /** What says who is there; at the end there is nobody any more. */
  readonly identityHeaders: readonly string[];
  readonly now: () => number;
  /** Where trouble is told in full. */
  readonly trouble: (error: unknown) => void;
}

type App = Pick<Settings, "app" | "upstream" | "cookie">;

const dials = new WeakMap<Settings["upstream"], Dial>();

/** The way that steps go: to the app's upstream, each on a connection of its own, and to nobody else. */
export function appConnection({ app, upstream, cookie }: App, asked: AskedBy): AppConnection {
  const { by, now } = asked;
  const dial = getOrInsert(dials, upstream, dialer);
  const reserved = ourNames(cookie.name);
  return {
    origins: [...new Set([by.origin, upstream.origin, `http://${by.authority}`, `https://${by.authority}`])],
    scope: (path) => ({ app, host: by.host, path, secure: isSecure(by), now: now(), reserved }),
    ask: async (order) => {
      try {
        const answer = await answerTo(dial, order, headersFor(order, upstream, asked));
        return {
          ...answer,
          headers: publicAddresses(answer.headers, upstream.origin, by.origin, by.authority),
        };
      } catch (error) {
        if (error instanceof Unanswered) throw error;
        asked.trouble(error);
        throw new Unanswered("the app can not be reached", { cause: error });
      }
    },
  };
}

/** For people: its message names no address and no value. */
class Unanswered extends Error {}

function headersFor(
  order: AppRequest,
  upstream: App["upstream"],
  { by, identityHeaders }: AskedBy,
): string[] {
  const own = upstream.host === "upstream" ? new URL(upstream.origin) : null;
  const origin = own?.origin ?? by.origin;
  const said = new Set(order.headers.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()));
  const defaults = ["Host", own?.host ?? by.authority, ...by.headers, "Accept-Encoding", "identity"];
  // What a form of the app's own page would say of itself.
  if (order.method !== "GET") defaults.push("Origin", origin, "Referer", origin + order.target);
  const headers = [...defaults, ...identityHeaders].filter(
    (_, at, all) => !said.has((all[at - (at % 2)] ?? "").toLowerCase()),
  );
  headers.push(...order.headers);
  if (order.body !== null) headers.push("Content-Length", String(Buffer.byteLength(order.body)));
  else if (order.method !== "GET") headers.push("Content-Length", "0");
  return [...headers, "Connection", "close"];
}

async function answerTo(dial: Dial, order: AppRequest, headers: readonly string[]): Promise<AppAnswer> {
  const signal = AbortSignal.timeout(order.timeout);
  const asking = request({
    method: order.method,
    path: order.target,
    headers,
    setDefaultHeaders: false,
    createConnection: () => dial(),
    signal,
  });
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      asking.once("response", resolve).once("error", reject);
      asking.end(order.body ?? undefined);
    });
    const body = await textOf(answer, order.answerSize);
    return { status: answer.statusCode ?? 0, headers: answer.rawHeaders, body };
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Unanswered(`no whole answer within ${order.timeout} ms`, { cause: error });
  } finally {
    asking.destroy();
  }
}

async function textOf(answer: IncomingMessage, most: number): Promise<string> {
  const coding = answer.headers["content-encoding"] ?? "identity";
  if (coding.toLowerCase() !== "identity")
    throw new Unanswered("the answer is compressed, though none was asked for");
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) throw new Unanswered(`the answer is longer than ${most} bytes`);
    chunks.push(chunk);
  }
  return decoderFor(answer.headers["content-type"] ?? "").decode(Buffer.concat(chunks));
}

function decoderFor(type: string): TextDecoder {
  const [, label = "utf-8"] = /;\s*charset\s*=\s*"?([\w-]+)/i.exec(type) ?? [];
  try {
    return new TextDecoder(label);
  } catch {
    return new TextDecoder();
  }
}
