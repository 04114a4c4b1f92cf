/** The headers of an answer that leads on, and tells nobody where from. */
export function quiet(to: string): readonly (readonly [string, string])[] {
  return [
    ["Location", to],
    ["Cache-Control", "no-store"],
    ["Referrer-Policy", "no-referrer"],
  ];
}
