import type { SecretReader } from "../clients/secret.ts";
import { Fault } from "../errors.ts";
import type { Complaint } from "./problem.ts";

/** Every `{ fromEnv }` and `{ fromFile }` of a file behind which there is nothing, also those that only the start reads. */
export function missingSecrets(value: unknown, secret: SecretReader): readonly Complaint[] {
  const found: Complaint[] = [];
  const look = (at: unknown, path: readonly PropertyKey[]): void => {
    if (typeof at !== "object" || at === null) return;
    const entries = Object.entries(at);
    const [[key, name] = []] = entries;
    const isSecret = entries.length === 1 && (key === "fromEnv" || key === "fromFile");
    if (isSecret && typeof name === "string") {
      const message = missing(key === "fromEnv" ? { fromEnv: name } : { fromFile: name }, secret);
      if (message !== null) found.push({ path, message });
      return;
    }
    for (const [step, below] of entries) look(below, [...path, Array.isArray(at) ? Number(step) : step]);
  };
  look(value, []);
  return found;
}

function missing(source: Parameters<SecretReader>[0], secret: SecretReader): string | null {
  try {
    secret(source);
    return null;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.complaint;
  }
}
