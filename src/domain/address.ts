/** An IPv4 or IPv6 address as 16 bytes; IPv4 in its mapped form, so that both spellings are equal. */
type AddressBytes = readonly number[];

/** Addresses and CIDR ranges. */
export interface AddressSet {
  /** False for what is no address at all. */
  has(address: string): boolean;
}

interface Range {
  readonly bytes: AddressBytes;
  readonly bits: number;
}

const MAPPED: AddressBytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const MAPPED_BITS = 96;
const ALL_BITS = 128;

/** Null when the text is no plain address; zone ids, ports and octal spellings are not plain. */
export function parseAddress(text: string): AddressBytes | null {
  if (text.includes(":")) return parseVersion6(text);
  const four = parseVersion4(text);
  return four === null ? null : [...MAPPED, ...four];
}

/** Whether the text is an address or a range like `10.0.0.0/8`. */
export function isRange(text: string): boolean {
  return parseRange(text) !== null;
}

/** A set of addresses and ranges; what is neither is left out (see `isRange`). */
export function addressSet(ranges: readonly string[]): AddressSet {
  const parsed = ranges.map(parseRange).filter((range) => range !== null);
  return {
    has(address) {
      const bytes = parsed.length === 0 ? null : parseAddress(address);
      return bytes !== null && parsed.some((range) => covers(range, bytes));
    },
  };
}

/** The address without the IPv6 wrapping that a dual-stack socket puts around IPv4. */
export function plainAddress(text: string): string {
  const lower = text.toLowerCase();
  return lower.startsWith("::ffff:") && lower.includes(".") ? lower.slice(7) : lower;
}

/**
 * Who the client is: the direct peer, or, behind trusted proxies, the right-most hop of `X-Forwarded-For` that is not
 * one of them. What can't be read as an address ends the search; it is never believed.
 */
export function clientAddress(peer: string, forwardedFor: string | null, trusted: AddressSet): string {
  let client = plainAddress(peer);
  if (forwardedFor === null || !trusted.has(client)) return client;
  for (const written of forwardedFor.split(",").reverse()) {
    const hop = hopAddress(written.trim());
    if (hop === null) return client;
    client = hop;
    if (!trusted.has(hop)) return client;
  }
  return client;
}

/** Some proxies write a port behind the address, and brackets around IPv6. */
function hopAddress(written: string): string | null {
  const found = /^(?:\[([^\]]*)\]|([0-9.]+))(?::\d{1,5})?$/.exec(written);
  const text = found?.[1] ?? found?.[2] ?? written;
  return parseAddress(text) === null ? null : plainAddress(text);
}

function covers(range: Range, bytes: AddressBytes): boolean {
  for (let bit = 0; bit < range.bits; bit += 8) {
    const left = range.bits - bit;
    const mask = left >= 8 ? 0xff : (0xff << (8 - left)) & 0xff;
    const at = bit / 8;
    if (((range.bytes[at] ?? 0) & mask) !== ((bytes[at] ?? 0) & mask)) return false;
  }
  return true;
}

function parseRange(text: string): Range | null {
  const [address = "", length, ...more] = text.split("/");
  const bytes = parseAddress(address);
  if (bytes === null || more.length > 0) return null;
  if (length === undefined) return { bytes, bits: ALL_BITS };
  const base = address.includes(":") ? 0 : MAPPED_BITS;
  const bits = /^(?:0|[1-9]\d{0,2})$/.test(length) ? base + Number(length) : -1;
  return bits < base || bits > ALL_BITS ? null : { bytes, bits };
}

function parseVersion4(text: string): readonly number[] | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) return null;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 0xff) ? bytes : null;
}

function parseVersion6(text: string): AddressBytes | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = groupsOf(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 1 ? [] : groupsOf(halves[1] ?? "", true);
  if (head === null || tail === null) return null;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return null;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** Bytes of groups with colons between; the last may be a whole IPv4 address where `atEnd`. */
function groupsOf(text: string, atEnd: boolean): readonly number[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  const bytes: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      const value = Number.parseInt(part, 16);
      bytes.push(value >> 8, value & 0xff);
      continue;
    }
    const four = atEnd && i === parts.length - 1 ? parseVersion4(part) : null;
    if (four === null) return null;
    bytes.push(...four);
  }
  return bytes;
}
