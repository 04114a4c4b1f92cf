/**
 * The request target for an address, as it is written: a URL object would remove dot segments and backslashes.
 * Only characters that no browser sends are encoded.
 */
export function targetOf(address: string): string {
  const [target = "/"] = address.replace(/^https?:[/\\]*[^/\\?#]*/i, "").split("#");
  const path = target.startsWith("/") ? target : `/${target}`;
  return path.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
}
