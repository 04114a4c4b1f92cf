import type { CspNeeds } from "../../domain/page/csp.ts";
import { clientIntegrity } from "../client.ts";
import { address, type HostView } from "../host-element.ts";
import { escaped, json } from "../markup.ts";

interface HelpView {
  readonly categories: readonly string[];
  readonly screenshot: boolean;
  readonly screenshotSize: number;
}

/** The one script of the button by which somebody asks for help. It draws everything itself. */
export function helpScript(view: HostView, help: HelpView): string {
  const namespace = view.syntax === "html" ? "" : ' xmlns="http://www.w3.org/1999/xhtml"';
  const { categories, screenshot, screenshotSize } = help;
  const config = json({ categories, screenshot: screenshot ? screenshotSize : 0 });
  return `<script${namespace} async="" crossorigin="" fetchpriority="low" src="${address(view, "/help.js")}" integrity="${escaped(clientIntegrity("help.js"))}" data-guise-help="${config}"></script>`;
}

/** What the policy of a page at this host has to allow for it. */
export function helpNeeds(
  { authority, prefix }: Pick<HostView, "authority" | "prefix">,
  draws: boolean,
): CspNeeds {
  const at = (path: string) => `${authority}${prefix}/${path}`;
  return {
    script: at("help.js"),
    scriptHash: `'${clientIntegrity("help.js")}'`,
    styles: [],
    connect: [at("ask-for-help")],
    formAction: null,
    ledOnTo: null,
    draws,
  };
}
