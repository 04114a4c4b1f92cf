import t from "tap";
import { parseRedisUrl } from "../../src/clients/redis-url.ts";

const PLAIN = {
  kind: "single",
  hosts: [{ host: "127.0.0.1", port: 6379 }],
  tls: false,
  username: null,
  password: null,
  db: 0,
  group: "",
  sentinelUsername: null,
  sentinelPassword: null,
};

t.test("a single server", async (t) => {
  t.strictSame(parseRedisUrl("redis://127.0.0.1"), PLAIN);
  t.strictSame(parseRedisUrl(" redis://127.0.0.1:6379/\n"), PLAIN);
  t.strictSame(parseRedisUrl("rediss://me:a%40b:c@[::1]:7000/3"), {
    ...PLAIN,
    hosts: [{ host: "::1", port: 7000 }],
    tls: true,
    username: "me",
    password: "a@b:c",
    db: 3,
  });
  t.match(parseRedisUrl("redis://:secret@cache"), { username: null, password: "secret" });
});

t.test("sentinels and the name of their group", async (t) => {
  t.strictSame(parseRedisUrl("redis+sentinel://:pw@a,b:7/mymaster/2?sentinelPassword=s"), {
    ...PLAIN,
    kind: "sentinel",
    hosts: [
      { host: "a", port: 26379 },
      { host: "b", port: 7 },
    ],
    password: "pw",
    db: 2,
    group: "mymaster",
    sentinelPassword: "s",
  });
  t.equal(parseRedisUrl("redis-sentinel://a/g").group, "g");
});

t.test("some nodes of a cluster", async (t) => {
  t.match(parseRedisUrl("rediss+cluster://a:1,b:2"), {
    kind: "cluster",
    tls: true,
    hosts: [{ port: 1 }, { port: 2 }],
  });
});

t.test("what can't be read is refused with a hint and without the password", async (t) => {
  const wrong = [
    "",
    "http://hunter2@a",
    "redis://:hunter2@",
    "redis://:hunter2@a:0",
    "redis://:hunter2@a:99999",
    "redis://:hunter2@a,b",
    "redis://:hunter2@a/x",
    "redis://:hunter2@a/0/1",
    "redis://:hunter2@a?tls=1",
    "redis://:hunter2%zz@a",
    "redis+sentinel://:hunter2@a",
    "redis+cluster://:hunter2@a/1",
  ];
  for (const url of wrong) {
    const fault = (() => {
      try {
        return parseRedisUrl(url);
      } catch (error) {
        return error;
      }
    })();
    t.match(fault, { code: "config-invalid", detail: /^the address of Redis: / }, url);
    t.notMatch(String(fault), /hunter2/);
  }
});
