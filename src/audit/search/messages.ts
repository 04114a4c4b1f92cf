import type { Written } from "../journal/source.ts";
import type { Visited } from "./parts.ts";
import type { Mark, Picture, Question, RequestIds, Run, View } from "./search.ts";

/** A page of records, newest first, as lines; `beyond` is where older ones begin, null if there are none. */
export interface Page {
  readonly lines: readonly string[];
  readonly beyond: Mark | null;
}

/** How the catalog stands. */
export interface ArchiveStatus {
  /** It has not read everything yet that there is. */
  readonly behind: boolean;
  /** Numbers missing between others, records that don't follow each other, lines that are no records: an alarm. */
  readonly breaks: number;
  /** Why nothing goes on just now, in words; null while all is well. */
  readonly problem: string | null;
}

/** What a page loaded, the first of it as lines; `count` of it there is at least. */
export interface Loaded {
  readonly lines: readonly string[];
  readonly count: number;
  /** When the next page was opened in the same impersonation, ms; null where there is none. */
  readonly until: number | null;
}

/** What is on record of one request, the oldest first, as lines; `more`: so many records of its progress are left out. */
export interface Course {
  readonly lines: readonly string[];
  readonly more: number;
}

/** What the thread is begun with. */
export interface ArchiveSetup {
  readonly file: string;
  readonly folder: string;
  readonly redis: { readonly url: string; readonly stream: string } | null;
  readonly written: Written;
}

/** A question to the thread. */
export type Asking =
  | {
      readonly what: "search";
      readonly question: Question;
      readonly limit: number;
      readonly beyond: Mark | null;
    }
  | { readonly what: "request"; readonly ids: RequestIds }
  | { readonly what: "parts"; readonly pages: readonly Visited[]; readonly limit: number }
  | { readonly what: "runs"; readonly question: Question; readonly limit: number }
  | { readonly what: "picture"; readonly impersonation: string; readonly view: View };

/** What each of them is answered with. */
export interface Answers {
  readonly search: Page;
  readonly request: Course;
  readonly runs: readonly Run[];
  readonly picture: Picture;
  readonly parts: readonly Loaded[];
}

/** What the thread is told; `written` is how far this process's journal is durable by now. */
export type Ask =
  | { readonly kind: "ask"; readonly id: number; readonly asking: Asking; readonly written: Written }
  | { readonly kind: "written"; readonly written: Written }
  | { readonly kind: "close" };

/** What the thread tells. */
export type Told =
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  | { readonly kind: "failed"; readonly id: number; readonly why: string }
  | { readonly kind: "status"; readonly status: ArchiveStatus };
