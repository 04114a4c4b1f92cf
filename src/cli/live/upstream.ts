import { request } from "node:http";
import type { Settings } from "../../config/snapshot.ts";
import { dialer } from "../../gateway/http/client/dial.ts";

const LONGEST = 10_000;

/** Asks the app for its front page over the same connection that the gateway makes; `origin` is where clients meet one of several. Rejects with an Error where no answer comes. */
export async function askUpstream(
  { app, upstream, publicUrl }: Settings,
  origin: string,
): Promise<{ readonly status: number; readonly server: string | null }> {
  const dial = dialer(upstream);
  const asClients = publicUrl ?? (app === null ? upstream.origin : origin);
  const named = upstream.host === "upstream" ? upstream.origin : asClients;
  return await new Promise((resolve, reject) => {
    const asking = request({
      path: "/",
      headers: { host: new URL(named).host, accept: "text/html", "user-agent": "guise-check" },
      createConnection: () => dial(),
      signal: AbortSignal.timeout(LONGEST),
    });
    asking.once("error", (error) => reject(reasonOf(error)));
    asking.once("response", ({ statusCode = 0, headers: { server }, socket }) => {
      // Only the head is of interest, and an app may send its front page for ever.
      socket.destroy();
      resolve({ status: statusCode, server: server === undefined ? null : String(server) });
    });
    asking.end();
  });
}

/** Node's own error of several failed attempts has no message. */
function reasonOf(error: Error): Error {
  if (error.name === "TimeoutError" || error.name === "AbortError")
    return new Error(`no answer within ${LONGEST / 1_000} s`, { cause: error });
  return new Error(error.message || String(Reflect.get(error, "code")), { cause: error });
}
