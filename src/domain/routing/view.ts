/**
 * The ways in which servers read one canonical path as the same page: as it is, without `;params`, without a slash at the
 * end, with an encoded slash as a slash. The first is the path itself; each stands in it once.
 */
export function plainViews(path: string): readonly string[] {
  return bothSlashes(path, plainReadings);
}

/** All of `plainViews`, and further without a dot or space at the end, and without an extension like `.json`. */
export function views(path: string): readonly string[] {
  return bothSlashes(path, allReadings);
}

/** Encoded slashes are there only where `upstream.encodedSlash` keeps them; half of all servers decode them. */
function bothSlashes(path: string, read: (path: string) => readonly string[]): readonly string[] {
  if (!path.includes("%2F")) return read(path);
  return [...new Set([...read(path), ...read(path.replace(/(?:%2F|\/)+/g, "/"))])];
}

function plainReadings(path: string): readonly string[] {
  if (!hasParams(path) && !(path.length > 1 && path.endsWith("/"))) return [path];
  const found = [path];
  add(found, withoutParams(path));
  add(found, withoutSlash(found[found.length - 1] ?? path));
  return found;
}

function allReadings(path: string): readonly string[] {
  const plain = plainReadings(path);
  const last = plain[plain.length - 1] ?? path;
  const name = last.slice(last.lastIndexOf("/") + 1);
  if (!name.includes(".") && !name.endsWith("%20")) return plain;
  const found = [...plain];
  const tidy = withoutTail(last);
  add(found, tidy);
  add(found, tidy.replace(/(?<=[^/])\.[A-Za-z0-9]{1,12}$/, ""));
  return found;
}

function add(found: string[], view: string): void {
  if (view !== "" && !found.includes(view)) found.push(view);
}

function hasParams(path: string): boolean {
  return path.includes(";") || path.includes("%3B");
}

/** A segment that was nothing but params vanishes with its slash, as servlet containers do it. */
function withoutParams(path: string): string {
  return path.replace(/(?:;|%3B)[^/]*/g, "").replace(/\/{2,}/g, "/");
}

function withoutTail(path: string): string {
  let end = path.length;
  for (;;) {
    if (path.charCodeAt(end - 1) === 0x2e) end -= 1;
    else if (path.startsWith("%20", end - 3)) end -= 3;
    else return path.slice(0, end);
  }
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
