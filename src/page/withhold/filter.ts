/** What stands in the place of a value. */
export const WITHHELD = "(withheld)";

/** One stage of a body on its way, as a text of bytes (latin1). It may be fed anywhere, and holds back what it can't tell yet. */
export interface Filter {
  read(text: string): string;
  end(): string;
}
