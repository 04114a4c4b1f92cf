import { bodyOf, type Field, type Framing, type Message, statusOf } from "./reader.ts";
import type { Seeing } from "./site.ts";

/** A request as the app got it. */
export interface SeenRequest {
  method: string;
  target: string;
  version: string;
  fields: readonly Field[];
  framing: Framing;
  body: Buffer;
  trailers: readonly Field[];
  complete: boolean;
}

/** An answer as the client got it. */
export interface SeenAnswer {
  version: string;
  status: number;
  reason: string;
  fields: readonly Field[];
  framing: Framing;
  body: Buffer;
  trailers: readonly Field[];
  complete: boolean;
}

/** One exchange from both ends; null is what never came. */
export interface Seen {
  request: SeenRequest | null;
  answer: SeenAnswer | null;
  /** The 1xx before the answer. */
  interim: readonly { readonly status: number; readonly fields: readonly Field[] }[];
}

/** What was seen of each exchange. */
export function seenIn({ sight }: Seeing): readonly Seen[] {
  return sight.plan.exchanges.map((_, nth) => {
    const request = sight.arrived.get(nth);
    const answer = sight.answers[nth] ?? sight.received.get(nth);
    return {
      request: request === undefined ? null : requestOf(request),
      answer: answer === undefined ? null : answerOf(answer),
      interim: (sight.interim[nth] ?? []).map((it) => ({ status: statusOf(it), fields: it.fields })),
    };
  });
}

function requestOf(message: Message): SeenRequest {
  const [, method = "", target = "", version = ""] = /^(\S+) (.*) HTTP\/(\d\.\d)$/.exec(message.start) ?? [];
  return { method, target, version, ...restOf(message) };
}

function answerOf(message: Message): SeenAnswer {
  const [, version = "", , reason = ""] = /^HTTP\/(\d\.\d) (\d{3})(?: (.*))?$/.exec(message.start) ?? [];
  return { version, status: statusOf(message), reason, ...restOf(message) };
}

function restOf(message: Message) {
  const { fields, framing, trailers, complete } = message;
  return { fields, framing, body: bodyOf(message), trailers, complete };
}

/** In which way two exchanges differ, one line each; none where they don't. */
export function differences(expected: Seen, actual: Seen): readonly string[] {
  return [
    ...messageDifferences("request", expected.request, actual.request),
    ...messageDifferences("answer", expected.answer, actual.answer),
    ...told("interim", expected.interim, actual.interim),
  ];
}

type Part = SeenRequest | SeenAnswer | null;

function messageDifferences(side: string, expected: Part, actual: Part): readonly string[] {
  if (expected === null || actual === null)
    return expected === actual ? [] : [`${side}: ${summary(expected)} became ${summary(actual)}`];
  const { body: wanted, ...head } = expected;
  const { body: got, ...other } = actual;
  const lines = Object.keys(head).flatMap((key) =>
    told(`${side}.${key}`, Reflect.get(head, key), Reflect.get(other, key)),
  );
  return wanted.equals(got) ? lines : [...lines, `${side}.body: ${bodyDifference(wanted, got)}`];
}

function told(what: string, expected: unknown, actual: unknown): readonly string[] {
  const [wanted, got] = [JSON.stringify(expected), JSON.stringify(actual)];
  return wanted === got ? [] : [`${what}: ${wanted}\n    became ${got}`];
}

function bodyDifference(expected: Buffer, actual: Buffer): string {
  const length = Math.min(expected.length, actual.length);
  let same = 0;
  while (same < length && expected[same] === actual[same]) same += 1;
  return `${expected.length} bytes became ${actual.length}, the first ${same} of them the same`;
}

function summary(part: Part): string {
  if (part === null) return "nothing";
  const start = "method" in part ? `${part.method} ${part.target}` : `${part.status} ${part.reason}`;
  return `${JSON.stringify(start)} with ${part.body.length} bytes${part.complete ? "" : ", cut"}: ${JSON.stringify(part.body.toString("latin1", 0, 200))}`;
}
