import { z } from "zod";
import { timeBetween as time } from "../../units.ts";
import { origin } from "./upstream.ts";
import { flag, orNull } from "./values.ts";

const DAY = 86_400_000;

/** `isolation`: a host of its own for each impersonation. */
export const isolation = orNull(
  z.strictObject({
    host: z
      .strictObject({
        parent: z
          .string()
          .toLowerCase()
          .regex(
            /^(?=.{1,200}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
            {
              error: "write a domain of two labels or more without a dot before it, like view.example.net",
            },
          )
          .describe(
            "Each impersonation is at `<label>.<parent>`, with cookies and storage of its own. A wildcard name and certificate of yours, of another registrable domain than the app's.",
          ),
        remember: time(
          "24h",
          60_000,
          30 * DAY,
          "How long after its end a label leads to the app that it belonged to.",
        ),
        cacheFor: time(
          "1s",
          0,
          60_000,
          "How long a gateway believes what it read of a label; an end on another gateway of the store counts so much later.",
        ),
      })
      .describe("A host for each impersonation and each of the app's hosts."),
  }),
).describe("Walls between people in the agent's browser; none if left out.");

/** `console`: an origin for the gateway's own pages. */
export const consoleOrigin = orNull(
  z.strictObject({
    origin: origin.describe(
      "Where the gateway's own pages are, like https://guise.example.com: a name that leads to the gateway, with a certificate, and with nothing of the app's.",
    ),
    app: origin
      .optional()
      .describe(
        "The app's host where people are known, for who opens the console without a link from the app. Default: `publicUrl`.",
      ),
    session: time(
      "12h",
      60_000,
      30 * DAY,
      "How long somebody is known there by what they came with from the app's host; asked anew with each request whether it still counts.",
    ),
    cacheFor: time("1s", 0, 60_000, "How long a gateway believes what it read of such a visit."),
    beside: flag(false).describe(
      "Nothing leads from the app's own hosts to the gateway: agents come by `open?url=` on the console, are known there, and go over it to the host of an impersonation. Needs `isolation`.",
    ),
  }),
).describe(
  "An origin of its own for the gateway's pages, where no script of the app runs; the app's own hosts if left out.",
);

/** `goingOver`: from the app's host, which knows who is there, to a label's or the console's. */
export const goingOver = z
  .strictObject({
    nonce: time("60s", 5_000, 600_000, "For a browser to go over the app's host and come back."),
    code: time("30s", 1_000, 300_000, "For a browser to redeem a code, which counts once."),
    again: time(
      "10s",
      1_000,
      3_600_000,
      "Somebody who is not known any more is not sent over the app's host once more before this.",
    ),
  })
  .prefault({})
  .describe("The way from the app's host to a host of `isolation` or `console`, and back.");
