import t from "tap";
import { hostOf } from "../../../src/domain/routing/host.ts";

const table: readonly (readonly [header: string, expected: string])[] = [
  ["app.example.com", "app.example.com null"],
  ["APP.Example.Com", "app.example.com null"],
  ["app.example.com.", "app.example.com null"],
  ["app.example.com:8000", "app.example.com 8000"],
  ["app.example.com.:8000", "app.example.com 8000"],
  ["app.example.com:", "app.example.com null"],
  ["127.0.0.1:80", "127.0.0.1 80"],
  ["[::1]", "[::1] null"],
  ["[2001:DB8::1]:443", "[2001:db8::1] 443"],
  ["my_app", "my_app null"],
  ["", "refused"],
  [".", "refused"],
  [":80", "refused"],
  ["a..b", "refused"],
  [".a", "refused"],
  ["a.b..", "refused"],
  ["evil.test/..", "refused"],
  ["user@evil.test", "refused"],
  ["a b", "refused"],
  ["a,b", "refused"],
  ["a\tb", "refused"],
  ["a%2eb", "refused"],
  ["b\xfccher.example", "refused"],
  ["a:80:80", "refused"],
  ["a:x", "refused"],
  ["a:65536", "refused"],
  ["::1", "refused"],
  ["[::1", "refused"],
  ["[1.2.3.4]", "refused"],
  ["[::g]", "refused"],
  ["a".repeat(64), "refused"],
  [`${"a.".repeat(127)}b`, "refused"],
];

for (const [header, expected] of table) {
  t.test(`HOST-01 "${header.slice(0, 40)}" is ${expected}`, async (t) => {
    const read = hostOf(header);
    t.equal(read.kind === "host" ? `${read.host} ${read.port}` : read.kind, expected);
  });
}
