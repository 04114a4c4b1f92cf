import { z } from "zod";
import { addressRange, addressSet } from "../clients/address.ts";
import { headerName } from "../clients/field.ts";
import { isId, isLine } from "../domain/person.ts";
import type { Identification, IdentitySource } from "../ports.ts";
import { headerOf, type IdentityKind, isDoubled, unknown, type Warn, warnOnce } from "./source.ts";

const VIA = "insecureHeader";

const schema = z.strictObject({
  insecureHeader: z.strictObject({
    name: headerName.describe("The header with the user's id, like X-Forwarded-User."),
    email: headerName.optional().describe("The header with the e-mail address."),
    groups: headerName.optional().describe("The header with the groups, separated by commas."),
    from: z
      .array(addressRange)
      .min(1)
      .describe("The proxies that may send these headers. From everybody else they mean nothing."),
  }),
});

type Options = z.infer<typeof schema>;

/** Believes a header of listed peers. Insecure: anybody who can send from their addresses can claim to be anybody. */
export const insecureHeader: IdentityKind<Options> = {
  name: VIA,
  describe: "A plain header from a proxy in front; only as safe as the network between.",
  schema,
  create: ({ insecureHeader: options }, { log }) => source(options, warnOnce(log, VIA)),
};

function source(options: Options["insecureHeader"], warn: Warn): IdentitySource {
  const trusted = addressSet(options.from);
  const absent = unknown(VIA, "debug", "no-header", `no header ${options.name}`);
  const names = [options.name, options.email, options.groups].filter((name) => name !== undefined);
  return {
    identify(evidence) {
      if (!trusted.has(evidence.peer)) {
        // Forged, or a proxy that `from` does not name.
        const shown = evidence.headers[options.name.toLowerCase()] !== undefined;
        const got = `${options.name} came from ${evidence.peer}, which \`from\` does not name`;
        return shown ? unknown(VIA, "warn", "not-from", got) : absent;
      }
      if (names.some((name) => isDoubled(evidence, name))) {
        warn("a header came twice; make the proxy replace what its clients send");
        return unknown(VIA, "warn", "header-twice", "a header came twice");
      }
      const text = (name: string | undefined) =>
        name === undefined ? null : textOf(headerOf(evidence, name));
      const { name, email, groups } = options;
      return person({ id: text(name), email: text(email), groups: text(groups) }, absent, warn);
    },
  };
}

function person(
  read: Readonly<Record<"id" | "email" | "groups", string | null>>,
  absent: Identification,
  warn: Warn,
): Identification {
  if (read.id === null) return absent;
  const groups = read.groups?.split(",").map((group) => group.trim()) ?? null;
  const lines = [read.email ?? "", ...(groups ?? [])];
  // A comma is how proxies and runtimes join a header that came twice.
  if (!isId(read.id) || read.id.includes(",") || !lines.every(isLine)) {
    warn("the caller is not taken as known: a header holds what is no plain id, address or group");
    return unknown(VIA, "warn", "no-person", "a header holds what is no plain id, address or group");
  }
  const known = groups?.filter((group) => group !== "") ?? null;
  return { kind: "known", identity: { id: read.id, name: null, email: read.email, groups: known }, via: VIA };
}

// Header bytes arrive as Latin-1; what is no UTF-8 keeps its replacement mark and is refused as a control would be.
function textOf(value: string | null): string | null {
  if (value === null) return null;
  const text = Buffer.from(value, "latin1").toString("utf8");
  return text.includes("\ufffd") ? "\0" : text;
}
