import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const WINDOW = 12 * 3_600_000;

/**
 * A hidden form field that only we can have made, for these parts (who, which form …). It is good for 12 to 24 hours.
 * The parts are not in it.
 */
export function csrfToken(key: Buffer, parts: readonly string[], now: number): string {
  return mac(key, ["csrf", String(Math.floor(now / WINDOW)), ...parts]);
}

/** Whether the field was made for these parts and is not too old. Takes the same time for every wrong answer. */
export function csrfValid(key: Buffer, token: string, parts: readonly string[], now: number): boolean {
  const window = Math.floor(now / WINDOW);
  const current = same(token, mac(key, ["csrf", String(window), ...parts]));
  const previous = same(token, mac(key, ["csrf", String(window - 1), ...parts]));
  return current || previous;
}

/** A short text that comes back from the browser unchanged or not at all: `<text>.<expiry>.<signature>`, cookie-safe. */
export function signedNotice(key: Buffer, text: string, expiresAt: number): string {
  return signedMark(key, "notice", text, expiresAt);
}

/** The text of a signed notice; null when it was altered, or is over. */
export function openNotice(key: Buffer, notice: string, now: number): string | null {
  return openMark(key, "notice", notice, now);
}

/** The same for one purpose; what was signed for another one doesn't open. */
export function signedMark(key: Buffer, purpose: string, text: string, expiresAt: number): string {
  const body = `${Buffer.from(text).toString("base64url")}.${Math.floor(expiresAt / 1000).toString(36)}`;
  return `${body}.${mac(key, [purpose, body])}`;
}

export function openMark(key: Buffer, purpose: string, mark: string, now: number): string | null {
  const [text, expiry, signature, ...rest] = mark.split(".");
  if (text === undefined || expiry === undefined || signature === undefined || rest.length > 0) return null;
  if (!same(signature, mac(key, [purpose, `${text}.${expiry}`]))) return null;
  if (Number.parseInt(expiry, 36) * 1000 <= now) return null;
  return Buffer.from(text, "base64url").toString();
}

/** The same field in other bytes each time, so that compressed pages tell nothing of it (BREACH). */
export function masked(token: string): string {
  const secret = Buffer.from(token, "base64url");
  const pad = someBytes(secret.length);
  return Buffer.concat([pad, xor(pad, secret)]).toString("base64url");
}

/** What was masked; nonsense for what never was. */
export function unmasked(text: string): string {
  const both = Buffer.from(text, "base64url");
  const half = both.length >> 1;
  return xor(both.subarray(0, half), both.subarray(half)).toString("base64url");
}

const POOL = 4_096;
let pool = Buffer.alloc(0);

/** Random bytes, drawn many at a time; each is given out once. */
function someBytes(count: number): Buffer {
  if (pool.length < count) pool = randomBytes(POOL);
  const bytes = pool.subarray(0, count);
  pool = pool.subarray(count);
  return bytes;
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, at) => byte ^ (b[at] ?? 0)));
}

function mac(key: Buffer, parts: readonly string[]): string {
  return createHmac("sha256", key).update(JSON.stringify(parts)).digest("base64url");
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
