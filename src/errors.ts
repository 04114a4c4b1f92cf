/**
 * Faults: errors that no rule or grant decided. This is the only table of them; each code is stable and documented in docs/errors.md.
 * `status` is the status of the answer to a client; `hint` says what an operator can do.
 */
export const FAULTS = {
  "bad-request": {
    status: 400,
    title: "This request can be read in two ways",
    hint: "Send the address in its plain form.",
  },
  "bad-method": {
    status: 501,
    title: "This method is not known",
    hint: "Use a method that the runtime can parse.",
  },
  "too-large": {
    status: 413,
    title: "This request is too large",
    hint: "Raise the limit in `limits` if it is meant.",
  },
  "header-too-large": {
    status: 431,
    title: "The headers of this request are too large",
    hint: "Delete cookies of this site, or raise `limits.headers`.",
  },
  "request-timeout": {
    status: 408,
    title: "This request took too long to arrive",
    hint: "See `timeouts` in the config.",
  },
  "not-found": {
    status: 404,
    title: "There is no such page",
    hint: "The gateway has no page at this address.",
  },
  "no-app": {
    status: 421,
    title: "There is no app at this address",
    hint: "Name its host, and where its pages begin, in `hosts` and `paths` of one of the `apps`.",
  },
  forbidden: {
    status: 403,
    title: "This form was not sent from its own page",
    hint: "Open the page again and send the form from there.",
  },
  "consent-gone": {
    status: 409,
    title: "This person's agreement counts no more",
    hint: "It was for one time, or it was taken back a moment ago. Ask once more.",
  },
  "browser-unclear": {
    status: 403,
    title: "This can not be done in this browser",
    hint: "It doesn't say whether you or a script of the app asks for this page (Fetch Metadata). Open the app by https, in a current browser: Chrome or Edge 80, Firefox 90, Safari 16.4 or newer.",
  },
  "sign-in-refused": {
    status: 403,
    title: "You were not signed in",
    hint: "What the identity provider sent you back with is not for this browser, was used, or is too old. Open the page once more and sign in there. If somebody gave you this very address, don't use it.",
  },
  "account-linking": {
    status: 409,
    title: "Nobody is signed in to the app like this while you view it as somebody else",
    hint: "The app asked its identity provider who you are, and your own account could have been tied to the one that you view. Stop first, or open the page of the app that leads there once more.",
  },
  "cookies-refused": {
    status: 403,
    title: "This browser kept no cookie of this host",
    hint: "The gateway set one a moment ago, and knows by it that you are the one whom the app's own host sent here. Allow cookies for this host, then open the link once more. If somebody gave you this very address, don't use it.",
  },
  "service-worker": {
    status: 403,
    title: "A service worker of the app stands between you and this page",
    hint: "It was taken out of this browser, unless `page.clearSiteData` is off: load this page once more. If the app is meant to have that worker, it should leave out the addresses below the reserved prefix.",
  },
  "no-elevation": {
    status: 403,
    title: "There is no step up to write here",
    hint: "Only looking is allowed while viewing as this person; see `elevate` under `agents` in the config.",
  },
  "foreign-origin": {
    status: 403,
    title: "This socket was asked for by another site",
    hint: "Open it from a page of the app, or list the public address in `publicUrl`.",
  },
  "upstream-unreachable": {
    status: 502,
    title: "The app can not be reached",
    hint: "Check that the app runs and that `upstream` names it.",
  },
  "upstream-tls": {
    status: 502,
    title: "The app could not prove who it is",
    hint: "Renew its certificate or name its authority in `upstream.ca`.",
  },
  "upstream-protocol": {
    status: 502,
    title: "The app gave an answer that can not be read",
    hint: "Look at the log of the app.",
  },
  "upstream-timeout": {
    status: 504,
    title: "The app took too long to answer",
    hint: "See `timeouts` in the config.",
  },
  "page-unmarkable": {
    status: 502,
    title: "This page can not be shown while viewing as somebody else",
    hint: "The banner could not be put into it; see docs/page.md.",
  },
  "sign-in-failed": {
    status: 502,
    title: "The app could not be signed in to",
    hint: "See `signIn` in the config, and docs/sign-in.md.",
  },
  overloaded: { status: 503, title: "Too much is going on at once", hint: "See `limits` in the config." },
  "identity-unavailable": {
    status: 503,
    title: "It could not be found out who you are",
    hint: "Check the identity sources in `identity`.",
  },
  "owner-lookup-failed": {
    status: 503,
    title: "An owner lookup failed",
    hint: "Check the resolver in `owners`.",
  },
  "users-lookup-failed": { status: 503, title: "People could not be looked up", hint: "Check `users`." },
  "store-unavailable": {
    status: 503,
    title: "The store of impersonations can not be reached",
    hint: "Check `store`.",
  },
  "audit-unavailable": {
    status: 503,
    title: "The audit journal can not be written",
    hint: "Check the disk of `data`.",
  },
  "stream-unreadable": {
    status: 503,
    title: "The audit stream can not be read",
    hint: "Check the address of Redis, its rights, and `--stream`.",
  },
  "journals-unreadable": {
    status: 503,
    title: "The audit journals can not be read",
    hint: "Name the gateway's data folder with `--data` or GUISE_DATA, as a user who may read it.",
  },
  "config-invalid": { status: 500, title: "The config has problems", hint: "Run `guise check`." },
  "secret-missing": {
    status: 500,
    title: "A secret is missing",
    hint: "Set the variable or write the file that the config names.",
  },
  "key-unreadable": { status: 500, title: "A key can not be read", hint: "Check the file and its mode." },
  "port-taken": {
    status: 500,
    title: "A port can not be listened on",
    hint: "Name another: `--port` or GUISE_PORT, `--admin-port` or GUISE_ADMIN_PORT; 0 takes any free one.",
  },
  usage: { status: 500, title: "Not a command like this", hint: "Run `guise --help`." },
  internal: {
    status: 500,
    title: "Something went wrong in the gateway",
    hint: "Look at the log with the request id.",
  },
} as const satisfies Record<string, { status: number; title: string; hint: string }>;

export type FaultCode = keyof typeof FAULTS;

/** The one class of faults. `detail` is for the operator's log and may name addresses; clients get title and hint only. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly detail: string;

  constructor(code: FaultCode, detail: string, options?: { readonly cause?: unknown }) {
    super(`${code}: ${detail}`, options);
    this.name = "Fault";
    this.code = code;
    this.detail = detail;
  }

  get status(): number {
    return FAULTS[this.code].status;
  }
  get title(): string {
    return FAULTS[this.code].title;
  }
  get hint(): string {
    return FAULTS[this.code].hint;
  }
  /** Detail and hint in one line, as a problem of a config says them. */
  get complaint(): string {
    return `${this.detail}; ${this.hint.slice(0, 1).toLowerCase()}${this.hint.slice(1)}`;
  }
}

/** The text of an error: the `detail` of a Fault, else the message. */
export function whyOf(error: unknown): string {
  if (error instanceof Fault) return error.detail;
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of an error as node sets it; empty if it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : "";
  return typeof code === "string" ? code : "";
}

/** Whether the error says that a file doesn't exist. */
export function isGone(error: unknown): boolean {
  return codeOf(error) === "ENOENT";
}

/** The error itself if it is a fault of this code; else one that begins with `what` and says why. */
export function asFault(code: FaultCode, what: string, cause: unknown): Fault {
  if (cause instanceof Fault && cause.code === code) return cause;
  return new Fault(code, what === "" ? whyOf(cause) : `${what}: ${whyOf(cause)}`, { cause });
}
