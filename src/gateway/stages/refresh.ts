import type { Answer } from "../http/raw-response.ts";
import { unkept } from "../own-pages/answers.ts";
import type { Committed } from "../request.ts";
import type { Services } from "../services/services.ts";
import { cookieHeaders } from "./answer.ts";
import { settle } from "./settle.ts";

const RULE = /^signIn\.refresh\[(\d+)\]$/;

/** What a page gets that renews the token it holds: the app would take it for the agent's. null for every other request. */
export function caughtBy(services: Services, committed: Committed): Answer | null {
  const { signIn } = committed.snapshot.settings;
  const [, at] = RULE.exec(committed.ruling.rule?.name ?? "") ?? [];
  const caught =
    at === undefined || committed.effects.impersonation === null ? undefined : signIn?.refresh[Number(at)];
  if (caught === undefined) return null;
  const { body } = caught;
  const responseBytes = Buffer.byteLength(body);
  settle(services, committed, { ending: "success", status: 200, requestBytes: 0, responseBytes });
  return { status: 200, headers: [...unkept("application/json"), ...cookieHeaders(committed)], body };
}
