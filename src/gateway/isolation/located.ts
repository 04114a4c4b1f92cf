import type { Answer } from "../http/raw-response.ts";
import { problem } from "../own-pages/answers.ts";
import type { Received } from "../request.ts";

/** The request as it goes on, or the answer to it. */
export type Located =
  | { readonly kind: "received"; readonly received: Received }
  | { readonly kind: "answered"; readonly answer: Answer };

export const answered = (answer: Answer): Located => ({ kind: "answered", answer });

export const on = (received: Received): Located => ({ kind: "received", received });

/** A refusal as problem JSON. */
export function refusal({ id }: Received, status: number, code: string, title: string): Answer {
  return {
    status,
    headers: [
      ["Content-Type", "application/problem+json"],
      ["Cache-Control", "no-store"],
      ["X-Content-Type-Options", "nosniff"],
    ],
    body: problem("reason", code, status, title, title, id),
  };
}

export function nothingHere(received: Received): Answer {
  return refusal(received, 404, "not-found", "There is nothing here.");
}
