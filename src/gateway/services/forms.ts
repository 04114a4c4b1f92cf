import { formToken, openFormToken, openMark, signedMark } from "../../keys/csrf.ts";
import type { Forms } from "./services.ts";

export function formsWith(key: Buffer, noticeLasts: () => number): Forms {
  return {
    token: (purpose, subject, expiresAt) => formToken(key, [purpose, ...subject], expiresAt),
    read: (purpose, subject, token) => openFormToken(key, token, [purpose, ...subject]),
    seal: (text, now) => signedMark(key, "notice", text, now + noticeLasts()),
    open: (sealed, now) => openMark(key, "notice", sealed, now),
    mark: (purpose, text, now, lasts) => signedMark(key, purpose, text, now + lasts),
    marked: (purpose, value, now) => openMark(key, purpose, value, now),
  };
}
