import { z } from "zod";
import { lookBy } from "./look.ts";
import type { SignInKind } from "./sign-in.ts";
import { answerSize, upTo, verify } from "./steps-schema.ts";

const seesSchema = z.strictObject({
  sees: verify.describe(
    "For an app that signs people in by itself, by `provider` or by our headers: how it is asked whom it sees. What it shows as anybody else is not shown; as long as it sees nobody, it is.",
  ),
  verifyEvery: upTo("30s", 0, 600_000, "How often the app is asked whom it sees; `0s` before each answer."),
  timeout: upTo("5s", 1, 60_000, "For its answer."),
  answerSize: answerSize.describe("Of its answer."),
});

type SeesOptions = z.output<typeof seesSchema>;

/** The app makes its session of the effective user without us. Its own word counts all the same. */
export const sees: SignInKind<SeesOptions> = {
  name: "sees",
  describe: "The app signs people in by itself, and is asked whom it sees.",
  schema: seesSchema,
  create: ({ sees: how, verifyEvery, timeout, answerSize }) => {
    const look = lookBy(how, { timeout, answerSize, within: timeout });
    return {
      admitsNobody: true,
      // Whichever of its cookies is the session.
      perform: async () => ({ cookies: [], values: {}, kept: ["*"] }),
      verify: async (values, jar, app, report) => await look({ values, jar }, app, report),
      isSignedOut: () => false,
      present: () => null,
      leave: [],
      refresh: [],
      end: async () => undefined,
      endsSessions: false,
      endWithin: 0,
      verifyEvery,
      retryAfter: 0,
      within: timeout,
    };
  },
};
