import { asFault } from "../errors.ts";
import type { AnyKind } from "../kinds.ts";
import type { Evidence, Identification, IdentitySource, Maybe } from "../ports.ts";
import { demo } from "./demo.ts";
import { insecureHeader } from "./insecure-header.ts";
import { jwt } from "./jwt.ts";
import { machine } from "./machine.ts";
import { oidc } from "./oidc/oidc.ts";
import type { IdentityDeps } from "./source.ts";
import { whoami } from "./whoami.ts";

/** All kinds of identity sources. A new one is a file and a line here. */
export const identityKinds: readonly AnyKind<IdentityDeps, IdentitySource>[] = [
  jwt,
  oidc,
  whoami,
  machine,
  insecureHeader,
  demo,
];

/**
 * Several sources as one: in order, the first that knows the caller. A source that can't say makes the whole answer
 * unavailable; the next one is never taken in its place. At once where all that are asked answer at once.
 */
export function firstOf(sources: readonly IdentitySource[]): IdentitySource {
  const provider = sources.find((it) => it.provider !== undefined)?.provider;
  return {
    identify: (evidence) => askFrom(sources, 0, evidence, NOBODY_ASKED),
    ...(provider === undefined ? {} : { provider }),
    stepsUp: sources.some(({ stepsUp = false }) => stepsUp),
  };
}

type Unknown = Extract<Identification, { kind: "unknown" }>;

const NOBODY_ASKED: Unknown = Object.freeze({ kind: "unknown", why: [] });

function askFrom(
  sources: readonly IdentitySource[],
  first: number,
  evidence: Evidence,
  before: Unknown,
): Maybe<Identification> {
  let unknown = before;
  for (let i = first; i < sources.length; i += 1) {
    const answer = ask(sources[i], evidence);
    if (answer instanceof Promise) {
      const sofar = unknown;
      return answer.then(
        (found) => (found.kind === "known" ? found : askFrom(sources, i + 1, evidence, both(sofar, found))),
        (error: unknown) => Promise.reject(asFault("identity-unavailable", "", error)),
      );
    }
    if (answer.kind === "known") return answer;
    unknown = both(unknown, answer);
  }
  return unknown;
}

/** What the only one that was asked says is passed on as it is. */
function both(before: Unknown, found: Unknown): Unknown {
  return before.why.length === 0 ? found : { kind: "unknown", why: [...before.why, ...found.why] };
}

function ask(source: IdentitySource | undefined, evidence: Evidence): Maybe<Identification> {
  try {
    return source?.identify(evidence) ?? NOBODY_ASKED;
  } catch (error) {
    throw asFault("identity-unavailable", "", error);
  }
}
