import { Fault } from "../errors.ts";

/** For the address of `whose`, which is never repeated, since a password may be in it: what is wrong with it, and a part of it decoded. */
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
