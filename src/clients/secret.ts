import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { Fault } from "../errors.ts";

const LARGEST = 65_536;

const fromEnv = z.strictObject({
  fromEnv: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: "write the name of an environment variable, like APP_TOKEN" })
    .describe("The environment variable that holds the value."),
});
const fromFile = z.strictObject({
  fromFile: z
    .string()
    .min(1)
    .describe("The file that holds the value; a relative path starts at the config's folder."),
});

const secretHelp =
  "a secret is not written into the config: write { fromEnv: NAME } or { fromFile: path/to/file }";
const publicHelp = "write the text itself, { fromEnv: NAME } or { fromFile: path/to/file }";

/** A secret in the config: the place of its value, never the value itself. */
export const secretSource = z.union([fromEnv, fromFile], { error: secretHelp });

/** The same for what is no secret and may stand in the config itself, such as a public key. */
export const textSource = z.union([z.string().min(1), fromEnv, fromFile], { error: publicHelp });

export type SecretSource = z.infer<typeof secretSource>;
type TextSource = z.infer<typeof textSource>;

/** Reads a secret now, without line ends behind it. Throws a Fault `secret-missing` that names the place, never the value. */
export type SecretReader = (source: TextSource) => string;

/** `directory` is where relative paths start: the folder of the config file. */
export function secretReader(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
}): SecretReader {
  return (source) => {
    if (typeof source === "string") return source;
    if ("fromEnv" in source)
      return filled(variable(options.env, source.fromEnv), `the variable ${source.fromEnv}`);
    const path = resolve(options.directory, source.fromFile);
    return filled(textOf(path), `the file ${path}`);
  };
}

function textOf(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new Fault("secret-missing", `the file ${path} can not be read`, { cause });
  }
  if (bytes.length > LARGEST) throw new Fault("secret-missing", `the file ${path} is larger than 64 kB`);
  return bytes.toString("utf8");
}

function filled(value: string | undefined, where: string): string {
  if (value === undefined) throw new Fault("secret-missing", `${where} is not set`);
  const text = value.replace(/[\r\n]+$/, "");
  if (text === "") throw new Fault("secret-missing", `${where} is empty`);
  return text;
}

function variable(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return Object.hasOwn(env, name) ? env[name] : undefined;
}
