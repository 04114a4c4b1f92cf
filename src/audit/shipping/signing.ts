import { createHmac } from "node:crypto";
import { Fault } from "../../errors.ts";

const PREFIX = "whsec_";
/** Bytes of a key, as standardwebhooks.com has it. */
const [SHORTEST, LONGEST] = [24, 64];

/** Gives the value of `webhook-signature`. `timestamp` is in seconds. */
export type Signer = (id: string, timestamp: string, body: string) => string;

/** Signs as standardwebhooks.com says. Throws a Fault `config-invalid`, without the secret, where receivers could not read it. */
export function signer(secret: string, name: string): Signer {
  const key = keyOf(secret, name);
  return (id, timestamp, body) =>
    `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

function keyOf(secret: string, name: string): Buffer {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  const key = Buffer.from(text, "base64");
  // The runtime passes over whatever is no base64; libraries of receivers don't.
  if (key.toString("base64") === text && key.length >= SHORTEST && key.length <= LONGEST) return key;
  const wanted = `has to be ${SHORTEST} to ${LONGEST} bytes in base64, with or without ${PREFIX} before them`;
  throw new Fault(
    "config-invalid",
    `audit.webhooks: the secret of ${name} ${wanted}; make one with \`openssl rand -base64 32\``,
  );
}
