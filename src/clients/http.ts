import { Agent, type Dispatcher } from "undici";
import { whyOf } from "../errors.ts";
import type { Closing } from "../ports.ts";

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** For everything from the connection to the last byte, ms; 2000 unless given. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** The longest body that is read; 64 kB unless given. */
  readonly maxBytes?: number;
}

/**
 * Asks a service of the operator. Any status is an answer, redirects are not followed and nothing is tried twice.
 * Rejects with an Error that says why when there is no whole, readable answer in time; its message leaves out the query.
 */
export interface HttpClient {
  get(url: string, options?: AskOptions): Promise<HttpAnswer>;
  /** Sends the fields as a form does. */
  post(url: string, form: Readonly<Record<string, string>>, options?: AskOptions): Promise<HttpAnswer>;
}

/** A client with kept-alive connections of its own. Certificates are always verified; no proxy of the environment is used. */
export function httpClient(): HttpClient & Closing {
  const agent = new Agent({
    // To one server; more requests wait within their own timeout.
    connections: 64,
    pipelining: 1,
    allowH2: false,
    // One timer of our own covers a whole request.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { rejectUnauthorized: true, timeout: 10_000 },
  });
  return {
    get: (url, settings = {}) => ask(agent, "GET", url, settings),
    post: (url, form, settings = {}) => {
      const headers = { "content-type": "application/x-www-form-urlencoded", ...settings.headers };
      return ask(agent, "POST", url, { ...settings, headers, body: new URLSearchParams(form).toString() });
    },
    close: () => agent.destroy(),
  };
}

/** The answer's body as JSON; throws an Error that says that it is none, without a piece of it. */
export function jsonOf({ body }: Pick<HttpAnswer, "body">): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Error("the answer is no JSON");
  }
}

async function ask(
  agent: Agent,
  method: "GET" | "POST",
  url: string,
  options: AskOptions & { readonly body?: string },
): Promise<HttpAnswer> {
  const target = new URL(url);
  if (target.protocol !== "http:" && target.protocol !== "https:")
    throw new Error(`${method} ${nameOf(target)}: only http and https are known`);
  const stop = new AbortController();
  const timeout = options.timeout ?? 2_000;
  const timer = setTimeout(() => stop.abort(new Error(`no whole answer within ${timeout} ms`)), timeout);
  try {
    const answer = await agent.request({
      origin: target.origin,
      path: target.pathname + target.search,
      method,
      headers: { ...options.headers },
      body: options.body ?? null,
      signal: options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]),
    });
    const body = await textOf(answer, options.maxBytes ?? 65_536);
    return { status: answer.statusCode, headers: answer.headers, body };
  } catch (cause) {
    throw new Error(`${method} ${nameOf(target)}: ${whyOf(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

async function textOf(answer: Dispatcher.ResponseData, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Leaving the loop destroys the body and with it the connection.
    if (length > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new Error("the answer is not text in UTF-8", { cause });
  }
}

// Queries may hold tokens or search words; the operator's log needs neither.
function nameOf(target: URL): string {
  return target.origin + target.pathname;
}
