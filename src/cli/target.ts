/**
 * What stands in the request line for an address: as it is written, since a URL as an object has dot segments and backslashes tidied
 * away; only what no browser sends is encoded.
 */
export function targetOf(address: string): string {
  const [target = "/"] = address.replace(/^https?:[/\\]*[^/\\?#]*/i, "").split("#");
  const path = target.startsWith("/") ? target : `/${target}`;
  return path.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
}
