import { Fault } from "../errors.ts";

/** Reads parts of an address and says what is wrong with it, without repeating it, since it may hold a password. `whose` names it. */
export function addressWords(whose: string) {
  const wrong = (what: string, cause?: unknown): Fault =>
    new Fault("config-invalid", `the address of ${whose}: ${what}`, { cause });
  const decoded = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch (cause) {
      throw wrong("a percent sign in name or password is written %25", cause);
    }
  };
  return { wrong, decoded };
}
