import { z } from "zod";
import { SECRET_PRESETS, type SecretPreset } from "../../domain/page/secret-presets.ts";
import { selectorProblem } from "../../domain/page/selector.ts";
import { parsePointer } from "../../domain/pointer.ts";
import { readSelector } from "../../page/withhold/selector.ts";
import { presetPatterns, readPattern, type Withholding } from "../../page/withhold/withholding.ts";
import { flag, oneOf, orNull } from "./values.ts";

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

const MOST = 200;
const SIMPLE =
  "write a selector of one element by itself, like input[name=api_key], #token or .secret, without spaces: of a page that streams by nothing else is known";

/** A text of the config that is read into something else; `help` where it can't be. */
function readAs<T>(read: (text: string) => T | string) {
  return z
    .string()
    .min(1)
    .max(500)
    .transform((text, context): T => {
      const made = read(text);
      if (typeof made !== "string") return made;
      context.addIssue({ code: "custom", message: made, input: text });
      return z.NEVER;
    });
}

const presetNames = Object.keys(SECRET_PRESETS) as [SecretPreset, ...SecretPreset[]];

const withhold = z
  .strictObject({
    presets: z
      .array(z.enum(presetNames))
      .default([])
      .describe("What values look like: `api-keys`, `signed-addresses`, `jwt`. In every text."),
    keys: z
      .array(z.string().min(1).max(200))
      .max(MOST)
      .default([])
      .describe("Names of members in JSON, at any depth, in letters of either case."),
    pointers: z
      .array(
        readAs((text) => parsePointer(text) ?? "write a JSON pointer, like /data/token or /keys/*/secret"),
      )
      .max(MOST)
      .default([])
      .describe("JSON pointers; `*` stands for any one step."),
    selectors: z
      .array(readAs((text) => readSelector(text) ?? SIMPLE))
      .max(MOST)
      .default([])
      .describe(
        "Elements in HTML, each by its own tag: `input[name=api_key]`, `.secret`. Their text is replaced, and the attributes that hold a value.",
      ),
    patterns: z
      .array(readAs(readPattern))
      .max(50)
      .default([])
      .describe("Expressions (RE2) of what values look like, in every text. A value is up to 16 kB long."),
  })
  .transform(({ presets, keys, pointers, selectors, patterns }): Withholding | null => {
    const json = { names: new Set(keys.map((it) => it.toLowerCase())), pointers };
    const all = [...presetPatterns(presets), ...patterns];
    const isNone = keys.length + pointers.length + selectors.length + all.length === 0;
    return isNone ? null : { json, elements: selectors, patterns: all };
  })
  .prefault({})
  .describe(
    "Values in answers that are replaced while impersonating, as they would outlive it or are not for agents.",
  );

/** `page`: what is done to the app's pages while somebody looks at them as somebody else. */
export const page = z
  .strictObject({
    banner: z
      .strictObject({
        position: oneOf("top", ["top", "bottom"]).describe("Where the banner stands."),
        name: z
          .string()
          .trim()
          .min(1)
          .max(40)
          .default("Guise")
          .describe("What the banner calls itself: your product, or your team."),
        colour: orNull(
          z.string().regex(/^#[0-9A-Fa-f]{6}$/, { error: "write a colour like #5b2ed8" }),
        ).describe(
          "The colour behind the banner's mark. The banner itself stays amber or red, which tell the mode.",
        ),
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
    withhold,
    clearSiteData: flag(true).describe(
      "Whether start, switch and stop clear the browser's cache and storage for the app.",
    ),
  })
  .prefault({})
  .describe("What is done to pages while impersonating.");
