const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text as it stands in HTML, also between quotes. */
export function escapeHtml(text: string, escaped = /[&<>"']/g): string {
  return text.replace(escaped, (it) => ESCAPES[it] ?? it);
}
