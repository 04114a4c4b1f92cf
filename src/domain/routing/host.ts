/** `host` in lower case, without port and without a dot at its end; IPv6 keeps its brackets. `port` null: none was sent. */
type HostReading =
  | { readonly kind: "host"; readonly host: string; readonly port: number | null }
  | { readonly kind: "refused" };

const REFUSED: HostReading = { kind: "refused" };
const NAME = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;
const AUTHORITY = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d{0,5}))?$/;

/** The one reading of a `Host` header (or of an authority). What is no host name or address is refused. */
export function hostOf(header: string): HostReading {
  const [, written, digits] = AUTHORITY.exec(header) ?? [];
  if (written === undefined) return REFUSED;
  const port = digits === undefined || digits === "" ? null : Number(digits);
  if (port !== null && port > 65535) return REFUSED;
  const lower = written.toLowerCase();
  const host = lower.endsWith(".") ? lower.slice(0, -1) : lower;
  const valid = host.startsWith("[") ? isVersion6(host.slice(1, -1)) : NAME.test(host);
  return valid ? { kind: "host", host, port } : REFUSED;
}

function isVersion6(text: string): boolean {
  return /^[0-9a-f:.]+$/.test(text) && URL.canParse(`http://[${text}]`);
}
