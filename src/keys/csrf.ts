import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** A form field of ours, read: its own id, and until when it counts, ms. */
export interface FormToken {
  readonly id: string;
  readonly expiresAt: number;
}

/**
 * A hidden form field that only we can have made, for these parts (what for, who, whom …), which are not in it. No two are the same, so
 * that each can count once.
 */
export function formToken(key: Buffer, parts: readonly string[], expiresAt: number): string {
  const body = `${randomBytes(16).toString("base64url")}.${Math.floor(expiresAt / 1000).toString(36)}`;
  return `${body}.${mac(key, ["form", body, ...parts])}`;
}

/** The field, if it was made for these parts, also where it is too old. Takes the same time for every wrong answer. */
export function openFormToken(key: Buffer, token: string, parts: readonly string[]): FormToken | null {
  const [id = "", expiry = "", signature = "", ...rest] = token.split(".");
  if (rest.length > 0 || !sameText(signature, mac(key, ["form", `${id}.${expiry}`, ...parts]))) return null;
  return { id, expiresAt: Number.parseInt(expiry, 36) * 1000 };
}

/**
 * A short text for one purpose that comes back from the browser unchanged or not at all: `<text>.<expiry>.<signature>`,
 * cookie-safe. What was signed for another purpose doesn't open.
 */
export function signedMark(key: Buffer, purpose: string, text: string, expiresAt: number): string {
  const body = `${Buffer.from(text).toString("base64url")}.${Math.floor(expiresAt / 1000).toString(36)}`;
  return `${body}.${mac(key, [purpose, body])}`;
}

/** The text; null when it was altered, or is over. */
export function openMark(key: Buffer, purpose: string, mark: string, now: number): string | null {
  const [text = "", expiry = "", signature = "", ...rest] = mark.split(".");
  if (rest.length > 0 || !sameText(signature, mac(key, [purpose, `${text}.${expiry}`]))) return null;
  if (Number.parseInt(expiry, 36) * 1000 <= now) return null;
  return Buffer.from(text, "base64url").toString();
}

function mac(key: Buffer, parts: readonly string[]): string {
  return createHmac("sha256", key).update(JSON.stringify(parts)).digest("base64url");
}

/** Whether two texts are the same, in a time that tells nothing of them. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
