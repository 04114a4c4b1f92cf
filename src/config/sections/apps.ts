import { z } from "zod";
import { type AnyKind, kindEntry } from "../../kinds.ts";
import { reads } from "./conditions.ts";
import { page } from "./page.ts";
import { route, rule } from "./routes.ts";
import { origin, upstream } from "./upstream.ts";
import { orNull } from "./values.ts";

const hosts = orNull(
  z
    .array(z.string({ error: "write a host pattern, like wiki.example.com" }).min(1))
    .min(1, { error: "write the hosts of the app, like [wiki.example.com]" }),
).describe("Its hosts, with `:name` for one label. Left out: all hosts that no other app has.");

const paths = orNull(
  z
    .array(
      z.string().regex(/^\/(?:[^*{}]*[^*/{}])?$/, {
        error: "write where its pages begin, without a slash or wildcard at the end, like /wiki",
      }),
    )
    .min(1, { error: "write where its pages begin, like [/wiki]" }),
).describe(
  "Where its pages begin: `/wiki` is that page and all below it. Left out: all paths of its hosts that no other app has. The app gets the path as it came, whole.",
);

/** By what an app is told from others. */
export const place = z.object({ hosts, paths });

/** `signIn` of an app. */
export function signIn<Deps, Made>(kinds: readonly AnyKind<Deps, Made>[]) {
  return kindEntry(kinds, "`signIn`")
    .optional()
    .describe(
      "How the app is brought to treat a request as the customer's, where it keeps a login of its own; by the headers if left out.",
    );
}

/** One entry of `apps`. */
export function app<Deps, Made, SignInDeps, SignIn>(
  kinds: readonly AnyKind<Deps, Made>[],
  signInKinds: readonly AnyKind<SignInDeps, SignIn>[],
) {
  return z.strictObject({
    hosts,
    paths,
    upstream: upstream.describe("Where the app is: its address, or an object with `url` and more."),
    publicUrl: orNull(origin).describe("What browsers call this app; told from each request if left out."),
    audience: z
      .string()
      .min(1)
      .optional()
      .describe(
        "`aud` of the tokens for this app; no other app may have the same. Default: the address of its `upstream`.",
      ),
    routes: z
      .array(route(kinds))
      .default([])
      .describe("Which of its addresses belong to whom, as `routes` of a file with one app."),
    rules: z
      .array(rule)
      .default([])
      .describe("What may be done in it while impersonating, as `rules` of a file with one app."),
    reads,
    signIn: signIn(signInKinds),
    page: page.unwrap().optional().describe("Instead of the `page` at the top."),
  });
}
