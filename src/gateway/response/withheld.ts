import type { Transform } from "node:stream";
import { firstValue, without } from "../../domain/raw-headers.ts";
import { charsetOf } from "../../page/html/charset.ts";
import { Chain } from "../../page/streams/chain.ts";
import { decoder } from "../../page/streams/content-coding.ts";
import { bodyKindOf, refuseUnreadable, withholder } from "../../page/withhold/withholding.ts";
import type { HeadPlan } from "../http/exchange.ts";
import type { Signed } from "../request.ts";

/** What replaces values in a body of this type; null where nothing is to be looked for in it. Throws a Fault `page-unmarkable` where that can't be done. */
export function withholderFor({ snapshot, effects, withheld }: Signed, type: string): Transform | null {
  const { withhold } = snapshot.settings.page;
  const kind = bodyKindOf(type);
  if (withhold === null || effects.impersonation === null || kind === null) return null;
  refuseUnreadable(charsetOf(type));
  return withholder(withhold, kind, () => {
    withheld.count += 1;
  });
}

/** Headers about the bytes of a body that may be changed. */
export const OF_THE_BYTES: readonly string[] = [
  "content-length",
  "content-encoding",
  "content-md5",
  "digest",
  "content-digest",
  "repr-digest",
  "accept-ranges",
];

/** The plan of an impersonated answer that is no page of the tab, with its values replaced. */
export function withheldPlan(signed: Signed, plan: HeadPlan): HeadPlan {
  const { status, headers, transform } = plan;
  if (transform !== null || status === 204 || status === 304) return plan;
  const write = withholderFor(signed, firstValue(headers, "content-type") ?? "");
  if (write === null) return plan;
  const kept = without(headers, (name) => OF_THE_BYTES.includes(name.toLowerCase()));
  if (signed.sent === "HEAD") return { ...plan, headers: kept };
  const { pageDecoded } = signed.snapshot.settings.limits;
  const coding = decoder(firstValue(headers, "content-encoding") ?? "", { decoded: pageDecoded });
  return {
    ...plan,
    headers: kept,
    transform: coding === null ? write : new Chain(() => [coding, write], asItIs),
  };
}

function asItIs(error: Error): Error {
  return error;
}
