/** What stands before the parent in a host's name: the label; empty for the parent itself, null for hosts that aren't below it. */
export function labelBelow(host: string, parent: string): string | null {
  if (host === parent) return "";
  return host.endsWith(`.${parent}`) ? host.slice(0, -parent.length - 1) : null;
}

/** What browsers call a label's host: scheme and port are those of the app's own host. */
export function labelOrigin(label: string, parent: string, appOrigin: string): string {
  const { protocol, port } = new URL(appOrigin);
  return `${protocol}//${label}.${parent}${port === "" ? "" : `:${port}`}`;
}
