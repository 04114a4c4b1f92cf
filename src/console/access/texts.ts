import { type Texts, textsFor } from "../../domain/consent/texts.ts";
import { homeOf, pageFor, type Visitor } from "../visitor.ts";

/** What somebody at a page for customers reads: by what is known of them, else by their browser, else as the config says. */
export function textsAt({ received, trueUser }: Visitor): Texts {
  const { access } = received.snapshot.settings;
  return textsFor(trueUser?.language, received.raw.headers["accept-language"], access.language);
}

/** A page for customers; its name at the top leads to the app. */
export function customerPage(
  who: Visitor,
  texts: Texts,
  page: Pick<Parameters<typeof pageFor>[1], "title" | "body" | "width">,
): string {
  return pageFor(who, { ...page, home: homeOf(who), texts });
}
