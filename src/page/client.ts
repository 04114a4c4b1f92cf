import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { CspNeeds } from "../domain/page/csp.ts";

/** A file for browsers. `etag` is quoted and changes with the bytes; `integrity` is their `sha256-…`. */
interface ClientAsset {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
  readonly integrity: string;
}

/** The parts of the stylesheet inside of the banner; later ones outrank earlier ones. */
const STYLES = ["banner.css", "panel.css", "media.css"] as const;

let read: ReadonlyMap<string, ClientAsset> | null = null;

/** The files under the reserved prefix that the banner is made of, by name. Read from disk once. */
export function clientAssets(): ReadonlyMap<string, ClientAsset> {
  read ??= new Map([
    ["client.js", asset(Buffer.from(bundle()), "text/javascript; charset=utf-8")],
    ["help.js", asset(file("../help/help-script.js"), "text/javascript; charset=utf-8")],
    ["banner.css", asset(Buffer.concat(STYLES.map(file)), "text/css; charset=utf-8")],
    ["page.css", asset(file("page.css"), "text/css; charset=utf-8")],
  ]);
  return read;
}

/** The `integrity` of the script; in quotes it is the source for a policy that goes by hashes. */
export function clientIntegrity(name: "client.js" | "help.js" = "client.js"): string {
  const script = clientAssets().get(name);
  if (script === undefined) throw new Error("the browser script is missing from the installed files");
  return script.integrity;
}

/** What the policy of a page at this host has to allow for the banner. */
export function cspNeeds({
  authority,
  prefix,
  ledOnTo = null,
}: {
  readonly authority: string;
  readonly prefix: string;
  readonly ledOnTo?: string | null;
}): CspNeeds {
  const at = (path: string) => `${authority}${prefix}/${path}`;
  return {
    script: at("client.js"),
    scriptHash: `'${clientIntegrity()}'`,
    styles: [at("banner.css"), at("page.css")],
    connect: [at("me"), at("lost")],
    formAction: at(""),
    ledOnTo,
  };
}

/** All parts as one script, so that one source and one hash in a policy allow it. Each part has a scope of its own and stands after those that it uses. */
function bundle(): string {
  const parts = new Map<string, string>();
  const take = (path: string): void => {
    if (parts.has(path)) return;
    const source = file(path).toString("utf8");
    for (const [, used = ""] of source.matchAll(IMPORT)) take(join(dirname(path), used));
    parts.set(path, scoped(basename(path, ".js"), source));
  };
  take("banner.js");
  return `(() => {\n"use strict";\nconst parts = {};\n${[...parts.values()].join("\n")}\n})();\n`;
}

const IMPORT = /^import \{.*\} from "(\.\/.+\.js)";$/gm;

function scoped(name: string, source: string): string {
  const exported = source.matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm).map(([, it]) => it);
  const body = source
    .replace(/^import (\{.*\}) from "\.\/(?:\w+\/)?(\w+)\.js";$/gm, "const $1 = parts.$2;")
    .replace(/^export /gm, "");
  return `parts.${name} = (() => {\n${body}\nreturn { ${[...exported].join(", ")} };\n})();`;
}

function file(name: string): Buffer {
  return readFileSync(new URL(`./client/${name}`, import.meta.url));
}

function asset(body: Buffer, type: string): ClientAsset {
  const digest = createHash("sha256").update(body).digest("base64");
  return { body, type, etag: `"${digest.slice(0, 22)}"`, integrity: `sha256-${digest}` };
}
