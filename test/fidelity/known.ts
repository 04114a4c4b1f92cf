import { type Example, example } from "./example.ts";
import type { Rule } from "./own-rules.ts";
import type { Plan } from "./plan.ts";
import type { Field } from "./reader.ts";

/** A difference that is not right and not repaired yet: its plans are left out, or what it does is overlooked. */
export interface Known {
  readonly id: string;
  /** Who repairs it. */
  readonly owner: "transport" | "addresses" | "refusals" | "fidelity";
  /** A plan that shows it. */
  readonly example: Example;
  readonly leaves?: (exchange: Plan["exchanges"][number]) => boolean;
  readonly overlooks?: Rule;
}

const PLACED: ReadonlySet<string> = new Set(["host", "cookie", "content-length"]);

const isPlaced = (name: string) => PLACED.has(name.toLowerCase());

/** Where these stand, and how they are spelled, is overlooked. */
function placed(fields: readonly Field[]): readonly Field[] {
  const [moved, stay] = [
    fields.filter(([name]) => isPlaced(name)),
    fields.filter(([name]) => !isPlaced(name)),
  ];
  const lower = moved.map(([name, value]) => [name.toLowerCase(), value] as const);
  return [...lower.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)), ...stay];
}

const named = (fields: readonly Field[], wanted: string) =>
  fields.filter(([name]) => name.toLowerCase() === wanted);

export const KNOWN: readonly Known[] = [
  {
    id: "host-cookie-and-length-move",
    owner: "addresses",
    example: {
      request: {
        fields: [
          ["X-A", "1"],
          ["Host", "app.example"],
        ],
      },
    },
    overlooks: ({ expected, actual }) => {
      for (const request of [expected.request, actual.request])
        if (request !== null) request.fields = placed(request.fields);
      return true;
    },
  },
  {
    id: "cookie-lines-joined",
    owner: "addresses",
    example: {
      request: {
        fields: [
          ["Host", "app.example"],
          ["Cookie", "a=1"],
          ["Cookie", "b=2"],
        ],
      },
    },
    leaves: ({ request }) => named(request.fields, "cookie").length > 1,
  },
  {
    id: "cookie-spacing",
    owner: "addresses",
    example: {
      request: {
        fields: [
          ["Host", "app.example"],
          ["Cookie", "guise_x=1;b=2"],
        ],
      },
    },
    leaves: ({ request }) =>
      named(request.fields, "cookie").some(([, value]) => /;(?! \S)|\s;|^;/.test(value)),
  },
  {
    id: "body-cut-short",
    owner: "transport",
    example: { request: { method: "POST", body: { kind: "length", size: 65_500 } } },
    leaves: ({ request }) =>
      request.body.kind === "length" && request.body.size <= 65_536 && request.body.size > 0,
  },
  {
    id: "reason-in-two-packets",
    owner: "transport",
    example: {
      answer: {
        reason: "Not Found",
        body: { kind: "length" },
        writes: { cuts: [0.5], pause: "millisecond" },
      },
    },
    overlooks: ({ expected, actual }) => {
      if (expected.answer === null || actual.answer?.status !== expected.answer.status) return false;
      if (!expected.answer.reason.endsWith(actual.answer.reason)) return false;
      actual.answer.reason = expected.answer.reason;
      return true;
    },
  },
  {
    id: "raw-reason",
    owner: "transport",
    example: { answer: { reason: "Fa\xe7ade" } },
    leaves: ({ answer }) => /[^\x20-\x7e]/.test(answer.reason),
  },
  {
    id: "unasked-100",
    owner: "transport",
    example: { answer: { interim: [{ status: 100, fields: [] }] } },
    leaves: ({ answer }) => answer.interim.some((it) => it.status === 100),
  },
  {
    id: "address",
    owner: "addresses",
    example: { request: { target: "/caf%e9" } },
    leaves: ({ request }) => !/^(?:\/[a-z0-9-_]{1,99})+(?:\?[a-z=1&]+)?$/.test(request.target),
  },
  {
    id: "bare-line-feed",
    owner: "transport",
    example: { answer: { lines: "\n" } },
    leaves: ({ answer }) => answer.lines === "\n",
  },
  {
    id: "framing-of-nothing",
    owner: "transport",
    example: { request: { method: "POST" } },
    overlooks: ({ expected, actual }) => {
      if (expected.request?.body.length !== 0) return false;
      expected.request.framing = "none";
      for (const it of [expected.request, actual.request])
        if (it !== null)
          it.fields = it.fields.filter(
            ([name, value]) => value !== "0" || name.toLowerCase() !== "content-length",
          );
      return true;
    },
  },
  {
    id: "raw-answer-headers",
    owner: "transport",
    example: {
      answer: {
        fields: [["X-A", "\xfc"]],
        body: { kind: "chunked" },
        writes: { headFirst: true, pause: "millisecond" },
      },
    },
    leaves: ({ answer }) => answer.fields.some(([, value]) => /[^\t\x20-\x7e]/.test(value)),
  },
  {
    id: "upload-cut-by-early-answer",
    owner: "transport",
    example: {
      request: { method: "POST", body: { kind: "chunked", size: 2_000_000 } },
      answer: { begin: { kind: "head" } },
    },
    leaves: ({ answer }) => answer.begin.kind !== "end" && answer.ending.kind === "keep",
  },
  {
    id: "no-host",
    owner: "addresses",
    example: { request: { version: "1.0", fields: [] } },
    leaves: ({ request }) => named(request.fields, "host").length === 0,
  },
];

export function leavesOut(plan: Plan): boolean {
  return KNOWN.some(({ leaves }) => plan.exchanges.some((exchange) => leaves?.(exchange) === true));
}

/** What is overlooked, as rules; without that of one of them. */
export function overlooked(but: Known | null = null): Readonly<Record<string, Rule>> {
  return Object.fromEntries(
    KNOWN.flatMap((it) => (it.overlooks === undefined || it === but ? [] : [[it.id, it.overlooks]])),
  );
}

export function planOf(it: Known): Plan {
  return example(it.example);
}
