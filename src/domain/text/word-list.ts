/** The words of a long list, which is written as text: with space or line ends between them. */
export function wordList(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
