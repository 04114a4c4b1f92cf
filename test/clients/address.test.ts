import t from "tap";
import { addressRange, addressSet, clientAddress, plainAddress } from "../../src/clients/address.ts";

const isRange = (text: string) => addressRange.safeParse(text).success;

const written: readonly (readonly [text: string, valid: boolean])[] = [
  ["127.0.0.1", true],
  ["255.255.255.255", true],
  ["256.0.0.1", false],
  ["1.2.3", false],
  ["01.2.3.4", false],
  ["1.2.3.4 ", false],
  ["0x7f.0.0.1", false],
  ["", false],
  ["::", true],
  ["::1", true],
  ["2001:db8::1", true],
  ["1:2:3:4:5:6:7:8", true],
  ["1:2:3:4:5:6:7::", true],
  ["1:2:3:4:5:6:7:8:9", false],
  ["1:2:3:4:5:6:7", false],
  ["1:2:3:4::5:6:7:8", false],
  ["::1::2", false],
  [":::", false],
  ["1:2:3:4:5:6:7:", false],
  ["::ffff:10.0.0.1", true],
  ["10.0.0.1::", false],
  ["fe80::1%eth0", false],
  ["::12345", false],
];

for (const [text, valid] of written) {
  t.test(`"${text}" is ${valid ? "an" : "no"} address`, async (t) => t.equal(isRange(text), valid));
}

t.test("ranges cover their addresses and no other", async (t) => {
  const set = addressSet(["10.0.0.0/8", "192.168.1.16/29", "::1", "2001:db8::/33", "172.16.0.1"]);
  for (const inside of [
    "10.255.0.1",
    "::ffff:10.1.1.1",
    "192.168.1.23",
    "0:0::1",
    "2001:db8:7fff::1",
    "172.16.0.1",
  ]) {
    t.ok(set.has(inside), inside);
  }
  for (const outside of ["11.0.0.1", "192.168.1.24", "::2", "2001:db8:8000::1", "172.16.0.2", "unix", ""]) {
    t.notOk(set.has(outside), outside);
  }
});

t.test("an IPv4 range covers no IPv6 address", async (t) => {
  t.notOk(addressSet(["0.0.0.0/0"]).has("2001:db8::1"));
  t.ok(addressSet(["::/0"]).has("10.0.0.1"));
});

t.test("an empty set has nobody in it", async (t) => t.notOk(addressSet([]).has("127.0.0.1")));

t.test("what is no range is said to be none", async (t) => {
  for (const text of ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "::/129", "10.0.0.0/8/8", "all", "/8"]) {
    t.notOk(isRange(text), text);
  }
});

t.test("a mapped address is the plain one", async (t) => {
  t.equal(plainAddress("::FFFF:10.0.0.1"), "10.0.0.1");
  t.equal(plainAddress("2001:DB8::1"), "2001:db8::1");
});

const hops: readonly (readonly [name: string, peer: string, forwarded: string | null, expected: string])[] = [
  ["nothing forwarded", "10.0.0.1", null, "10.0.0.1"],
  ["HOST-03 an untrusted peer is never a proxy", "203.0.113.9", "198.51.100.1", "203.0.113.9"],
  ["one proxy", "10.0.0.1", "198.51.100.1", "198.51.100.1"],
  ["HOST-03 the left-most hop is forged", "10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"],
  ["two proxies", "10.0.0.1", "1.1.1.1, 198.51.100.1 ,10.0.0.2", "198.51.100.1"],
  ["only proxies", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
  ["what is no address is not believed", "10.0.0.1", "1.1.1.1, unknown, 10.0.0.2", "10.0.0.2"],
  ["an empty header", "10.0.0.1", "", "10.0.0.1"],
  ["ports and brackets", "10.0.0.1", "[2001:DB8::1]:443, 10.0.0.2:80", "2001:db8::1"],
  ["a mapped peer", "::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"],
];

for (const [name, peer, forwarded, expected] of hops) {
  t.test(name, async (t) => t.equal(clientAddress(peer, forwarded, addressSet(["10.0.0.0/8"])), expected));
}
