import { type AddressSet, addressSet } from "../clients/address.ts";
import {
  type HeaderPolicy,
  headerPolicy,
  isPlainlySpelt,
  type ManagedNames,
  type ProfileNames,
} from "../domain/headers.ts";

/** `headers` and `trustedProxies` of the config. */
interface HeaderOptions {
  readonly headers: ManagedNames &
    ProfileNames & {
      readonly drop: readonly string[];
      readonly pass: readonly { readonly names: readonly string[]; readonly from: readonly string[] }[];
    };
  readonly trustedProxies: readonly string[];
}

/** The config's rules for request headers. */
export interface HeaderRules extends HeaderPolicy {
  /** The proxies whose forwarding metadata counts. */
  readonly trusted: AddressSet;
  /** Which header names (in lower case) are dropped from own traffic of this peer. */
  droppedFrom(peer: string, trusted: boolean): (lowerName: string) => boolean;
  /** Whether this peer may set this identity header (`headers.pass`). */
  passes(peer: string, name: string): boolean;
}

/** Made once for a config, and asked by every request. */
export function headerRulesOf({ headers, trustedProxies }: HeaderOptions): HeaderRules {
  const { pass } = headers;
  const policy = headerPolicy(
    headers,
    headers.drop,
    pass.flatMap(({ names }) => names),
  );
  const passing = pass.map(({ names, from }) => ({ from: addressSet(from), names: exactly(names) }));
  const dropped = (name: string) => policy.kindOf(name) !== "plain";
  const droppedFromTrusted = (name: string) => {
    const kind = policy.kindOf(name);
    return kind !== "plain" && !(kind === "metadata" && isPlainlySpelt(name));
  };
  const passes = (peer: string, name: string) =>
    passing.some((it) => it.names(name.toLowerCase()) && it.from.has(peer));
  return {
    ...policy,
    trusted: addressSet(trustedProxies),
    droppedFrom: (peer, trusted) => {
      const drop = trusted ? droppedFromTrusted : dropped;
      if (passing.length === 0) return drop;
      return (name) => drop(name) && !passes(peer, name);
    },
    passes,
  };
}

/** Matches exact names: a proxy writes exactly this name, and another spelling that some server folds to it is not the proxy's. */
function exactly(patterns: readonly string[]): (lowerName: string) => boolean {
  const lower = patterns.map((pattern) => pattern.toLowerCase());
  const exact = new Set(lower.filter((pattern) => !pattern.endsWith("*")));
  const prefixes = lower.filter((pattern) => pattern.endsWith("*")).map((pattern) => pattern.slice(0, -1));
  return (name) =>
    exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix) && isPlainlySpelt(name));
}
