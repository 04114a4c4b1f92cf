import t from "tap";
import { evidence, testIdentitySource } from "../contracts/identity-source.ts";
import { identityDeps, problems, sourceFrom } from "./deps.ts";

const entry = {
  insecureHeader: { name: "X-User", email: "X-Email", groups: "X-Groups", from: ["10.0.0.0/8", "fd00::1"] },
};
const from = (peer: string, headers: Record<string, string | string[]>) => evidence({ peer, headers });

testIdentitySource(t, "insecureHeader", async (t) => ({
  via: "insecureHeader",
  source: sourceFrom(entry, identityDeps(t)),
  identity: { id: "alice", name: null, email: "alice@example.com", groups: ["support", "on call"] },
  known: from("10.1.2.3", {
    "x-user": "alice",
    "x-email": "alice@example.com",
    "x-groups": "support, on call,",
  }),
  unknown: {
    "somebody from elsewhere": from("11.0.0.1", { "x-user": "alice" }),
    "somebody on this machine": from("127.0.0.1", { "x-user": "alice" }),
    "a list of two": from("10.1.2.3", { "x-user": ["alice", "admin"] }),
    "a list of two, joined": from("10.1.2.3", { "x-user": "alice, admin" }),
    "groups from two": from("10.1.2.3", { "x-user": "alice", "x-groups": ["customer", "support"] }),
    "an empty id": from("10.1.2.3", { "x-user": " " }),
    "bytes that are no text": from("10.1.2.3", { "x-user": "\x85admin\xa0" }),
    "an address with a control": from("10.1.2.3", { "x-user": "alice", "x-email": "a\x85b" }),
    "an id that is too long": from("10.1.2.3", { "x-user": "a".repeat(257) }),
  },
  unavailable: {},
}));

t.test("insecureHeader: a peer's IPv4 address is found in its IPv6 form", async (t) => {
  const source = sourceFrom(entry, identityDeps(t));
  for (const peer of ["::ffff:10.0.0.1", "fd00::1", "fd00:0::1"])
    t.match(source.identify(from(peer, { "x-user": "alice" })), { identity: { id: "alice" } }, peer);
  for (const peer of ["::ffff:11.0.0.1", "fd00::2"])
    t.match(source.identify(from(peer, { "x-user": "alice" })), { kind: "unknown" }, peer);
});

t.test("insecureHeader: groups that no header holds are not known, an empty header is none", async (t) => {
  const source = sourceFrom(entry, identityDeps(t));
  t.match(source.identify(from("10.0.0.1", { "x-user": "alice" })), { identity: { groups: null } });
  t.match(source.identify(from("10.0.0.1", { "x-user": "alice", "x-groups": "," })), {
    identity: { groups: { length: 0 } },
  });
});

t.test("insecureHeader: groups in UTF-8 are read as such", async (t) => {
  const source = sourceFrom(entry, identityDeps(t));
  const bytes = Buffer.from("Käufer").toString("latin1");
  t.match(source.identify(from("10.0.0.1", { "x-user": "a", "x-groups": bytes })), {
    identity: { groups: ["Käufer"] },
  });
});

t.test("insecureHeader: what is wrong is said once, without the value", async (t) => {
  const deps = identityDeps(t);
  const source = sourceFrom(entry, deps);
  for (const id of ["a,b", "c,d"]) source.identify(from("10.0.0.1", { "x-user": id }));
  t.match(deps.log.lines, [/^warn: identity insecureHeader: the caller is not taken as known/]);
  t.equal(deps.log.lines.length, 1);
});

t.test("insecureHeader: a config that trusts everybody, or nobody in particular, is refused", async (t) => {
  for (const range of [
    "0.0.0.0/0",
    "::/0",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0",
    "example.com",
    "10.0.0.0/8/8",
    "fe80::1%eth0",
  ])
    t.match(
      problems({ insecureHeader: { name: "X-User", from: [range] } }),
      [/from\.0: write an address or a range/],
      range,
    );
  t.match(problems({ insecureHeader: { name: "X-User", from: [] } }), [/insecureHeader\.from/]);
  t.match(problems({ insecureHeader: { name: "X User", from: ["10.0.0.1"] } }), [/name of a header/]);
});

t.test(
  "insecureHeader: a header of somebody whom `from` does not name is told with the address",
  async (t) => {
    const source = sourceFrom({ insecureHeader: { name: "X-User", from: ["10.0.0.5"] } }, identityDeps(t));
    t.match(await source.identify(from("10.0.0.6", { "x-user": "alice" })), {
      why: [
        { level: "warn", cause: "not-from", got: "x-user came from 10.0.0.6, which `from` does not name" },
      ],
    });
    t.match(await source.identify(from("10.0.0.6", {})), { why: [{ level: "debug", cause: "no-header" }] });
  },
);
