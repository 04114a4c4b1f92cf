import { z } from "zod";
import { type Finder, finder } from "../clients/finder.ts";
import { isHeaderValue } from "../domain/signin/place-text.ts";
import { keyHelp } from "../kinds.ts";

const METHODS = ["get", "post", "put", "patch", "delete"] as const;
const methodHelp = `write one of ${METHODS.map((it) => `\`${it}\``).join(", ")} with an address of the app`;
const NAME = /^[A-Za-z]\w{0,63}$/;
const nameHelp = "write a name of letters, digits and underscores, like csrf";

/** An address of the app, or a place that stands for a whole one. */
export const address = z.string().regex(/^(?:\/[^\s#\\]*|\{[A-Za-z]\w*\})$/, {
  error:
    "write a path of this app, like /login, or a place like {link} for an address that was taken from an answer",
});

/** `/login*`: the text, and any rest where a `*` stands at its end. */
export const beginning = z.string().min(1).max(500);

export const status = z.int().min(100).max(599);

const headerText = z
  .string()
  .refine(isHeaderValue, { error: "write plain ASCII characters in one line, with places like {token}" });
const OURS = /^(?:host|cookie|connection|content-length|transfer-encoding|upgrade|x-guise-.*)$/i;
const headerHelp = "write the name of a header; some the gateway writes itself, like Host and Cookie";
/** Headers whose values have places. */
export const headerTexts = z.record(
  z.string().refine((name) => /^[A-Za-z0-9-]{1,64}$/.test(name) && !OURS.test(name)),
  headerText,
  { error: keyHelp(headerHelp) },
);

const expect = z
  .strictObject({
    status: z.array(status).min(1).optional().describe("Which statuses are right; below 400 if left out."),
    location: beginning
      .optional()
      .describe("Where it leads to; a `*` at the end is any rest. The app's own host may be left out."),
    has: finder.optional().describe("What has to be found in the answer."),
  })
  .describe("What the answer must be like; otherwise the sign-in has failed.");

const json: z.ZodType<unknown> = z.json();

const step = z
  .strictObject({
    get: address.optional().describe("The address of the app that is asked by GET."),
    post: address.optional().describe("The address of the app that is asked by POST."),
    put: address.optional().describe("The address of the app that is asked by PUT."),
    patch: address.optional().describe("The address of the app that is asked by PATCH."),
    delete: address.optional().describe("The address of the app that is asked by DELETE."),
    form: z.record(z.string().min(1), z.string()).optional().describe("The fields of a form."),
    json: json.optional().describe("A body of JSON; its texts may have places."),
    headers: headerTexts.optional().describe("Further headers."),
    basic: z
      .strictObject({
        user: z.string().min(1).describe("The name."),
        password: z.string().min(1).describe("The password."),
      })
      .optional()
      .describe("Credentials for HTTP's own way to sign in."),
    take: z
      .record(z.string().regex(NAME), finder, { error: keyHelp(nameHelp) })
      .default({})
      .describe("Values of the answer, by the names by which later steps put them in."),
    expect: expect.prefault({}),
  })
  .transform((it, context): Step => {
    const methods = METHODS.filter((name) => it[name] !== undefined);
    const [method] = methods;
    const address = method === undefined ? undefined : it[method];
    if (address === undefined || method === undefined || methods.length > 1) {
      context.addIssue({ code: "custom", message: methodHelp, input: it });
      return z.NEVER;
    }
    const bodies = [it.form, it.json].filter((body) => body !== undefined);
    if (bodies.length > 1 || (method === "get" && bodies.length > 0)) {
      const message = "a request has one body, `form` or `json`, and a `get` has none";
      context.addIssue({ code: "custom", message, input: it });
      return z.NEVER;
    }
    const { status = null, location = null, has = null } = it.expect;
    return {
      name: `${method.toUpperCase()} ${address}`,
      method: method.toUpperCase(),
      address,
      form: it.form ?? null,
      json: it.json,
      headers: it.headers ?? {},
      basic: it.basic ?? null,
      take: Object.entries(it.take),
      expect: { status, location, has },
    };
  });

/** One request of a sign-in, as the config has it. */
export interface Step {
  /** `POST /login` */
  readonly name: string;
  readonly method: string;
  readonly address: string;
  readonly form: Readonly<Record<string, string>> | null;
  readonly json: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly basic: { readonly user: string; readonly password: string } | null;
  readonly take: readonly (readonly [name: string, finder: Finder])[];
  readonly expect: {
    readonly status: readonly number[] | null;
    readonly location: string | null;
    readonly has: Finder | null;
  };
}

/** `most`: how many there may be. */
export function stepList(most: number) {
  return z.array(step).max(most);
}

/** Whether `text` begins as `beginning` says, or is it. */
export function begins(text: string, beginning: string): boolean {
  return beginning.endsWith("*") ? text.startsWith(beginning.slice(0, -1)) : text === beginning;
}
