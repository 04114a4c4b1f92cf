import type { Clock, Log } from "../../ports.ts";
import { UnreadablePositions } from "../journal/positions.ts";

/**
 * The problems of sinks, as they stand in the metric's label and in the log. The list is closed, so that no foreign text becomes
 * a label. docs/metrics.md has the same list.
 */
export const PROBLEMS = [
  // Redis' own words.
  ...["OOM", "READONLY", "MISCONF", "NOPERM", "NOAUTH", "WRONGPASS", "WRONGTYPE", "LOADING", "BUSY"],
  ...["CLUSTERDOWN", "MASTERDOWN", "NOREPLICAS", "MOVED", "TRYAGAIN"],
  // The system's.
  ...["ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"],
  ...["ENOTFOUND", "EAI_AGAIN", "ENOSPC", "EDQUOT", "EIO", "EROFS", "EACCES", "EPERM", "EMFILE", "ENFILE"],
  "ENOENT",
  // What services answer that are asked again.
  ...["HTTP 408", "HTTP 425", "HTTP 429", "HTTP 500", "HTTP 502", "HTTP 503", "HTTP 504", "HTTP 5xx"],
  // Ours.
  ...["not connected", "connection lost", "timeout", "TLS"],
  ...["records lost", "cursor moved", "cursor unreadable", "other"],
] as const;

export type ProblemWord = (typeof PROBLEMS)[number];

/** What a sink itself says is wrong. */
export class SinkProblem extends Error {
  readonly word: ProblemWord;
  /** How long the sink wants to be left alone, ms. */
  readonly after: number;

  constructor(word: ProblemWord, message: string, after = 0) {
    super(message);
    this.name = "SinkProblem";
    this.word = word;
    this.after = after;
  }
}

/** The texts and codes of libraries that mean one of the words without being it. */
const MEANT: readonly (readonly [RegExp, ProblemWord])[] = [
  [/^not connected within \d+ ms$/, "not connected"],
  [/^(?:UND_ERR_SOCKET|Connection is closed\.|the client was closed)$/, "connection lost"],
  [/^UND_ERR_\w+_TIMEOUT$|timed out|timeout/i, "timeout"],
  [/CERT|_SSL_|_TLS_|^EPROTO$|^UNABLE_TO_/, "TLS"],
];

/** The word for what is wrong; `other` where there is none, then only the log says what it is. */
export function problemWord(error: unknown): ProblemWord {
  if (error instanceof SinkProblem) return error.word;
  if (error instanceof UnreadablePositions) return "cursor unreadable";
  const text = problemOf(error);
  const found = PROBLEMS.find((word) => word === text);
  return found ?? MEANT.find(([pattern]) => pattern.test(text))?.[1] ?? "other";
}

/** The problem as a text for people: Redis' first word, the system's code, or a sentence. Never used as a label. */
export function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message === "fetch failed" && error.cause !== undefined) return problemOf(error.cause);
  // What a script was not allowed to do, Redis calls plain ERR.
  if (error.message.includes("can't run this command")) return "NOPERM";
  if (error.message.startsWith("Stream isn't writeable")) return "not connected";
  if (error.message.startsWith("Reached the max retries")) return "connection lost";
  if (/^HTTP \d{3}$/.test(error.message)) return error.message;
  const word = /^(?:-)?([A-Z][A-Z]+)\b/.exec(error.message)?.[1];
  if (word !== undefined && word !== "ERR") return word;
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.message.slice(0, 200);
}

/** What keeps records from a sink just now. The log says when it begins, when it becomes something else, and when it is over. */
export function ailment(sink: string, { clock, log }: { readonly clock: Clock; readonly log: Log }) {
  let now: { readonly word: ProblemWord; readonly since: number } | null = null;
  return {
    word: (): ProblemWord | null => now?.word ?? null,
    /** Wall time, ms. */
    since: (): number | null => now?.since ?? null,
    ill: (error: unknown): void => {
      const word = problemWord(error);
      if (now?.word === word) return;
      now = { word, since: now?.since ?? clock.now() };
      log.error({ err: error, sink, problem: word }, "audit: records can not be shipped");
    },
    well: (): void => {
      if (now === null) return;
      log.info({ sink, problem: now.word }, "audit: records are shipped again");
      now = null;
    },
  };
}
