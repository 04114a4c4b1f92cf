import { z } from "zod";
import { textSource } from "../../clients/secret.ts";
import { count, flag, oneOf, orNull } from "./values.ts";

const originHelp = "write scheme, host and port without a path, like http://127.0.0.1:8001";

/** An address without path, query or user; comes out as browsers write an origin. */
export const origin = z.string({ error: originHelp }).transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const plain = url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
  if (plain && url.pathname === "/" && url.search === "" && url.hash === "") return url.origin;
  context.addIssue({ code: "custom", message: originHelp, input: text });
  return z.NEVER;
});

const settings = z.strictObject({
  url: origin.describe("Scheme, host and port of the app."),
  host: oneOf("client", ["client", "upstream"]).describe(
    "Which `Host` the app gets: the one that the client sent, or its own.",
  ),
  socket: orNull(
    z.string().startsWith("/", { error: "write the whole path of the socket, like /run/app.sock" }),
  ).describe("A unix socket to connect to instead of the host in `url`."),
  ca: orNull(textSource).describe(
    "The authority that signed the app's certificate, as PEM, besides those of the system.",
  ),
  insecureSkipVerify: flag(false).describe(
    "Believe any certificate of the app. Unsafe: anybody on the way between reads and writes everything.",
  ),
  connections: count(128, 1, 10_000).describe(
    "Short requests that the app gets at the same time, half of them from one client at the most; others wait. Those that last are counted by `limits.streams`.",
  ),
  encodedSlash: oneOf("refuse", ["refuse", "keep"]).describe(
    "What happens with `%2F` in a path while impersonating: refused with 400, or sent to the app as it is. Own traffic is never refused for it.",
  ),
});

const plain = origin.transform((url) => settings.parse({ url }));

/** `upstream`: an address, or an object with more to say. */
export const upstream = z
  .union([plain, settings], {
    error: "write the address of the app without a path, like http://127.0.0.1:8001",
  })
  .describe("The app behind the gateway: its address, or an object with `url` and more.");
