import type { AnswerPlan, Body, Plan, RequestPlan, WhoPlan, Writes } from "./plan.ts";

type Rest<T> = Partial<Omit<T, "body" | "writes">> & {
  readonly body?: Partial<Body>;
  readonly writes?: Partial<Writes>;
};

/** What a plan has that a plain GET and its answer haven't. */
export interface Example {
  readonly request?: Rest<RequestPlan>;
  readonly answer?: Rest<AnswerPlan>;
  readonly who?: WhoPlan;
}

const BODY: Body = { kind: "none", size: 0, salt: 0, chunks: [], extension: "", trailers: [] };
const WRITES: Writes = { cuts: [], headFirst: false, pause: "none" };

/** A plan of one exchange, plain but for what is said. */
export function example({
  request = {},
  answer = {},
  who = { answer: "guest", delay: "none" },
}: Example): Plan {
  const asked: RequestPlan = {
    method: "GET",
    target: "/a",
    version: "1.1",
    fields: [["Host", "app.example"]],
    framingAt: 12,
    expects: false,
    ...request,
    body: { ...BODY, ...request.body },
    writes: { ...WRITES, ...request.writes },
  };
  const answered: AnswerPlan = {
    begin: { kind: "end" },
    interim: [],
    version: "1.1",
    status: 200,
    reason: "OK",
    fields: [],
    framingAt: 12,
    coding: "none",
    lines: "\r\n",
    ending: { kind: "keep" },
    ...answer,
    body: { ...BODY, kind: "length", size: 2, ...answer.body },
    writes: { ...WRITES, ...answer.writes },
  };
  return { pipelined: false, halfCloses: false, who, exchanges: [{ request: asked, answer: answered }] };
}
