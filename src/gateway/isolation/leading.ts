/** The headers of a redirect without a Referer. */
export function quiet(to: string): readonly (readonly [string, string])[] {
  return [
    ["Location", to],
    ["Cache-Control", "no-store"],
    ["Referrer-Policy", "no-referrer"],
  ];
}
