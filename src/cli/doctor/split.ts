import { randomBytes } from "node:crypto";
import type { HttpAnswer, HttpClient } from "../../clients/http.ts";
import { whyOf } from "../../errors.ts";

/** `untried`: it takes an option that was not given. */
export interface Finding {
  readonly outcome: "right" | "wrong" | "untried";
  readonly what: string;
  /** What came instead of what should. */
  readonly got: string | null;
}

interface Asked {
  readonly url: string;
  readonly echo: string | null;
  readonly prefix: string;
  readonly cookie: string;
}

/** The gateway gives it back, and nothing else does. */
const PROBE = "x-guise-probe";
const LONGEST = 1_048_576;

/** Asks both ways from outside: as a customer's browser, and as an agent's. */
export async function probeSplit(client: Pick<HttpClient, "get">, asked: Asked): Promise<readonly Finding[]> {
  const { url, prefix, cookie } = asked;
  const agent = { cookie: `${cookie}_agent=1` };
  const get = (to: string, headers: Readonly<Record<string, string>>) =>
    client.get(to, { headers, maxBytes: LONGEST, timeout: 10_000 });
  const met = async (headers: Readonly<Record<string, string>>) => {
    const probe = randomBytes(16).toString("hex");
    return (await get(url, { [PROBE]: probe, ...headers })).headers[PROBE] === probe;
  };
  const pages = new URL(`${prefix}/jwks.json`, url).href;
  return [
    await tried("a customer's request never meets Guise", async () =>
      (await met({})) ? "it came through Guise" : null,
    ),
    await tried("a request with the marker of agents comes through Guise", async () =>
      (await met(agent)) ? null : "it went past Guise, or the marker's name is another",
    ),
    await tried(`pages below ${prefix} are Guise's`, async () => notKeys(await get(pages, {}))),
    await forged(asked, "straight to the app", {}, get),
    await forged(asked, "through Guise", agent, get),
  ];
}

async function tried(what: string, wrong: () => Promise<string | null>): Promise<Finding> {
  try {
    const got = await wrong();
    return { outcome: got === null ? "right" : "wrong", what, got };
  } catch (error) {
    return { outcome: "wrong", what, got: whyOf(error) };
  }
}

function notKeys({ status, body }: HttpAnswer): string | null {
  return status === 200 && /"keys"\s*:/.test(body) ? null : `jwks.json is answered with ${status}`;
}

/** In the spellings that some servers fold to one. */
const FORGED = ["x-guise-user", "x_guise_user", "x-guise-true-user", "x-guise-assertion"];

async function forged(
  { url, echo }: Asked,
  way: string,
  headers: Readonly<Record<string, string>>,
  get: (to: string, headers: Readonly<Record<string, string>>) => Promise<HttpAnswer>,
): Promise<Finding> {
  const what = `a forged header dies on the way ${way}`;
  if (echo === null)
    return { outcome: "untried", what, got: "write --echo with an address of the app that shows headers" };
  return await tried(what, async () => {
    const [lie, truth] = [randomBytes(16).toString("hex"), randomBytes(16).toString("hex")];
    const lies = Object.fromEntries(FORGED.map((name) => [name, lie]));
    const { status, body } = await get(new URL(echo, url).href, { ...headers, ...lies, "x-echo": truth });
    if (body.includes(lie)) return "the app got it";
    return body.includes(truth) ? null : `${echo} doesn't show headers (${status})`;
  });
}
