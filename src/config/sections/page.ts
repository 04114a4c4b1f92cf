import { z } from "zod";

const selectors = z
  .array(
    z
      .string()
      .min(1)
      .max(500)
      .refine((text) => !/[{}<]/.test(text), { error: "write a CSS selector, like a[href='/logout']" }),
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
    clearSiteData: z
      .boolean()
      .default(true)
      .describe("Whether start, switch and stop clear the browser's cache and storage for the app."),
  })
  .prefault({})
  .describe("What is done to pages while impersonating.");
