import { createHash, timingSafeEqual } from "node:crypto";
import type { Settings } from "../../config/snapshot.ts";
import type { Received } from "../../gateway/request.ts";

type ApiToken = Settings["api"]["tokens"][number];

/** The token that a program showed, if it counts now and may do this. Cookies are not looked at: a browser is nobody here. */
export function tokenOf(
  { raw, snapshot }: Received,
  right: ApiToken["rights"][number],
  now: number,
): ApiToken | null {
  const [, shown = ""] = /^Bearer ([\w-]{20,200})$/i.exec(raw.headers.authorization ?? "") ?? [];
  const hash = createHash("sha256").update(shown).digest();
  const token = snapshot.settings.api.tokens.find((it) =>
    timingSafeEqual(hash, Buffer.from(it.hash.slice("sha256:".length), "hex")),
  );
  return token !== undefined && now < token.expires && token.rights.includes(right) ? token : null;
}
