import { BlockList, isIP } from "node:net";
import { z } from "zod";

/** Addresses and CIDR ranges. An IPv4 address is the same in its IPv6 form. */
export interface AddressSet {
  /** False for what is no address at all. */
  has(address: string): boolean;
}

/** An address or CIDR range in the config. A range of all addresses (`/0`) is refused, because it would protect nothing. */
export const addressRange = z.string().refine((text) => isRange(text) && !text.endsWith("/0"), {
  error: "write an address or a range, like 10.0.0.5 or 10.0.0.0/8; a range of everybody is refused",
});

/** Null when the text is no plain address; zone ids, ports and octal spellings are not plain. */
function kindOf(text: string): "ipv4" | "ipv6" | null {
  const version = text.includes("%") ? 0 : isIP(text);
  return version === 0 ? null : version === 4 ? "ipv4" : "ipv6";
}

/** Whether the text is an address or a range like `10.0.0.0/8`. */
function isRange(text: string): boolean {
  const [address = "", length, ...more] = text.split("/");
  const kind = kindOf(address);
  if (kind === null || more.length > 0) return false;
  return (
    length === undefined ||
    (/^(?:0|[1-9]\d{0,2})$/.test(length) && Number(length) <= (kind === "ipv4" ? 32 : 128))
  );
}

/** A set of addresses and ranges; what is neither is left out (see `isRange`). */
export function addressSet(ranges: readonly string[]): AddressSet {
  const list = new BlockList();
  for (const range of ranges.filter(isRange)) {
    const [address = "", length] = range.split("/");
    const kind = kindOf(address) ?? "ipv4";
    if (length === undefined) list.addAddress(address, kind);
    else list.addSubnet(address, Number(length), kind);
  }
  return {
    has(address) {
      const kind = kindOf(address);
      return kind !== null && list.check(address, kind);
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
  return kindOf(text) === null ? null : plainAddress(text);
}
