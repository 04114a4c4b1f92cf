/** What a path or host matched: the target that was put in, and the params as they stand in the address, decoded once. */
export interface RouteMatch<T> {
  readonly target: T;
  readonly params: Readonly<Record<string, string>>;
}
