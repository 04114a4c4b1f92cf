import { readPerson } from "../../domain/person.ts";
import type { IdentityProvider } from "../../ports.ts";
import type { IdentityDeps } from "../source.ts";
import { strongUntil } from "../step-up.ts";
import type { Issuer } from "./issuer.ts";
import type { OidcOptions } from "./oidc-options.ts";
import { refused, sendAway, takeBack } from "./round-trip.ts";

/** How agents sign in, and what is kept of it. */
export function signInFlow(
  options: OidcOptions,
  issuer: Issuer,
  deps: IdentityDeps,
): Pick<IdentityProvider, "begin" | "finish"> {
  const { clock, signIns } = deps;
  return {
    begin: async (order) => {
      const { stepUp } = options;
      // Half of it, so that there is time left to do what it was asked for.
      const maxAge = order.stepUp && stepUp !== undefined ? Math.floor(stepUp.maxAge / 2_000) : null;
      return await sendAway(options, issuer, deps, {
        ...order,
        maxAge,
        more: strongerParameters(options, maxAge),
      });
    },
    finish: async (answer, kept) => {
      const { claims, idToken, attempt, ...told } = await takeBack(options, issuer, deps, { answer, kept });
      const person = readPerson(claims, options.user);
      if (person.kind !== "read")
        throw refused(person.kind === "bad" ? `of the claims ${person.why}` : "the claims name nobody");
      const now = clock.now();
      const { lasts } = options.session;
      const secret = await signIns.open({
        ...told,
        issuer: options.issuer,
        subject: String(claims.sub),
        session: typeof claims.sid === "string" ? claims.sid : null,
        identity: person.value,
        idToken,
        strongUntil: strongUntil(options.stepUp, claims),
        readAt: now,
        askingUntil: 0,
        expiresAt: now + lasts,
      });
      return { secret, lasts, identity: person.value, to: attempt.to };
    },
  };
}

function strongerParameters(
  { stepUp }: OidcOptions,
  maxAge: number | null,
): Readonly<Record<string, string>> {
  if (maxAge === null) return {};
  const acr = stepUp?.acr?.join(" ");
  // Without `prompt` a provider may be content with the session that it has.
  return { prompt: "login", ...(acr === undefined ? {} : { acr_values: acr }) };
}
