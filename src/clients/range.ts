import { BlockList, isIP } from "node:net";
import { z } from "zod";

interface Range {
  readonly address: string;
  readonly prefix: number;
  readonly family: "ipv4" | "ipv6";
}

const rangeHelp = "write an address or a range, like 10.0.0.5 or 10.0.0.0/8; a range of everybody is refused";

/** An address or CIDR range in the config. One that takes in everybody (`/0`) is refused: it would guard nothing. */
export const addressRange = z.string().refine((text) => readRange(text) !== null, { error: rangeHelp });

/** Says whether a peer's address is in one of the ranges. IPv4 addresses are found in their IPv6 form too. */
export function ranges(texts: readonly string[]): (peer: string) => boolean {
  const list = new BlockList();
  for (const text of texts) {
    const range = readRange(text);
    if (range !== null) list.addSubnet(range.address, range.prefix, range.family);
  }
  return (peer) => {
    const version = isIP(peer);
    return version !== 0 && list.check(peer, version === 4 ? "ipv4" : "ipv6");
  };
}

function readRange(text: string): Range | null {
  const [address = "", bits, ...more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || more.length > 0 || address.includes("%")) return null;
  const longest = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? longest : /^[1-9]\d{0,2}$/.test(bits) ? Number(bits) : 0;
  if (prefix < 1 || prefix > longest) return null;
  return { address, prefix, family: version === 4 ? "ipv4" : "ipv6" };
}
