import { z } from "zod";
import { selectorProblem } from "../../domain/page/selector.ts";

const selectors = z
  .array(
    z
      .string()
      .min(1)
      .max(500)
      .superRefine((text, context) => {
        const problem = selectorProblem(text);
        if (problem !== null) context.addIssue({ code: "custom", message: `is no CSS selector: ${problem}` });
      }),
  )
  .default([]);

/** `page`: what is done to the app's pages while somebody looks at them as somebody else. */
export const page = z
  .strictObject({
    banner: z
      .strictObject({
        position: z.enum(["top", "bottom"]).default("top").describe("Where the banner stands."),
      })
      .prefault({})
      .describe("The banner that says who is looking as whom."),
    disable: selectors.describe("CSS selectors of what is greyed out."),
    logout: selectors.describe("CSS selectors of the app's sign-out links and forms; they stop instead."),
    scriptCookies: z
      .array(
        z.string().regex(/^[!#$%&'+.^_`|~0-9A-Za-z-]+\*?$/, {
          error: "write the name of a cookie; a `*` may stand at its end",
        }),
      )
      .default([])
      .describe(
        "Names of cookies that the app's own scripts set for its server, with `path=/`; a `*` at the end is any ending. They go into the customer's jar, and the agent's own are kept apart.",
      ),
    clearSiteData: z
      .boolean()
      .default(true)
      .describe("Whether start, switch and stop clear the browser's cache and storage for the app."),
  })
  .prefault({})
  .describe("What is done to pages while impersonating.");
