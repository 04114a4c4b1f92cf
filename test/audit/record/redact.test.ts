import { readFileSync } from "node:fs";
import t from "tap";
import { withoutJwt } from "../../../src/audit/record/nested-secrets.ts";
import { redactor } from "../../../src/audit/record/redact.ts";

const key = Buffer.alloc(32, 1);
const redact = redactor({ key, names: ["Iban"], hash: ["email"] });

t.test("values under secret-looking names are not written down", async (t) => {
  t.equal(redact("page=2&token=abc&q=x"), "page=2&token=[redacted]&q=x");
  const names =
    "password,client_secret,resetToken,access_token,accesstoken,user[password],X-Amz-Signature,sig,key,code";
  for (const name of `${names},api_key,apiKey,auth,oauth2,SAMLResponse,otp,jwt,session_id,sid,pass%77ord,iban,IBAN,state,PHPSESSID,JSESSIONID,accessKey,card_number,cardNumber,cvv,cvc2,totp`.split(
    ",",
  )) {
    t.equal(redact(`${name}=v`), `${name}=[redacted]`, name);
  }
});

t.test("what docs/audit.md shows is written so", async (t) => {
  const page = readFileSync(new URL("../../../docs/audit.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `([^`]*=[^`]*)` \| `([^`]*=[^`]*)` \|$/gm)];
  t.ok(rows.length > 8);
  for (const [, sent = "", written] of rows) t.equal(redact(sent), written, sent);
});

t.test("plain names stay byte for byte", async (t) => {
  for (const query of [
    "author=x",
    "a=1&a=2&&b",
    "keyboard=de",
    "site=%41",
    "decode=1",
    "q=a+b%20c",
    "%zz=1",
    "",
  ]) {
    t.equal(redact(query), query);
  }
});

t.test(
  "chosen values are hashed with a key: equal ones are equal, without it nobody can try names",
  async (t) => {
    const one = redact("email=nuno%40example.com");
    t.match(one, /^email=hmac:[0-9a-f]{32}$/);
    t.equal(redact("email=nuno@example.com"), one);
    t.not(redactor({ key: Buffer.alloc(32, 2), hash: ["email"] })("email=nuno@example.com"), one);
  },
);

t.test("a JWT is a secret under any name, also in a path", async (t) => {
  const jwt = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxNyJ9.c2lnbmF0dXJl";
  t.equal(redact(`q=${jwt}&x=1`), "q=[redacted]&x=1");
  t.equal(withoutJwt(`/magic/${jwt}/go`), "/magic/[redacted]/go");
});

t.test("a long name takes no long time", async (t) => {
  const query = `${"aA".repeat(100_000)}=v`;
  t.equal(redact(query), query);
});

t.test("a header is told by its name", async (t) => {
  t.equal(redact("text/html;q=0.9, */*;q=0.8", "accept"), "text/html;q=0.9, */*;q=0.8");
  for (const name of ["cookie", "authorization", "x-csrf-token", "proxy-authorization", "x-guise-assertion"])
    t.equal(redact("v", name), "[redacted]", name);
  t.match(redact("nuno@example.com", "email"), /^hmac:/);
  t.equal(redact("eyJhbGciOiJub25lIn0.e30.x", "x-other"), "[redacted]");
});

t.test("an address within a value keeps its secrets as well, however often it is encoded", async (t) => {
  for (const [raw, written] of [
    [
      "https://a.example/reset?token=S&x=1#key=S",
      "https://a.example/reset?token=[redacted]&x=1#key=[redacted]",
    ],
    ["https://a.example/?next=/b?code=S", "https://a.example/?next=/b?code=[redacted]"],
    ["https://nuno:S@a.example/x", "https://[redacted]@a.example/x"],
  ] as const)
    t.equal(redact(raw, "referer"), written);
  for (const [raw, written] of [
    ["next=/reset?token=S&page=2", "next=/reset?token=[redacted]&page=2"],
    ["next=%2Freset%3Ftoken%3DS%26x%3D1", "next=%2Freset%3Ftoken%3D[redacted]%26x%3D1"],
    ["next=%252Freset%253Ftoken%253DS", "next=%252Freset%253Ftoken%253D[redacted]"],
    ["a=1;token=S;b=2", "a=1;token=[redacted];b=2"],
    ["u=https%3A%2F%2Fnuno%3AS%40a.example%2F", "u=https%3A%2F%2F[redacted]%40a.example%2F"],
    ["q=what?+really%3F", "q=what?+really%3F"],
    ["at=https://a.example/@nuno", "at=https://a.example/@nuno"],
  ] as const)
    t.equal(redact(raw), written);
  t.equal(redact("/shop;jsessionid=S/cart;v=1", ":path"), "/shop;jsessionid=[redacted]/cart;v=1");
});

t.test("names that the config has are meant in nested fields too", async (t) => {
  t.equal(
    redact("bank[iban]=DE02&bank%5Biban%5D%5B0%5D=DE02"),
    "bank[iban]=[redacted]&bank%5Biban%5D%5B0%5D=[redacted]",
  );
  t.match(redact("user[email]=a"), /^user\[email\]=hmac:/);
  t.equal(redact("ibanish=1"), "ibanish=1");
});

t.test(
  "names that the config has are meant in addresses and parameters within a value as well",
  async (t) => {
    const hash = redact("email=a%40b").slice("email=".length);
    for (const [raw, written, name] of [
      ["next=%2Fpay%3Fiban%3DDE1%26email%3Da%2540b", `next=%2Fpay%3Fiban%3D[redacted]%26email%3D${hash}`],
      ["next=%252Fpay%253Femail%253Da%252540b", `next=%252Fpay%253Femail%253D${hash}`],
      ["next=%2Fpay%3Fiban=DE1&x=1", "next=%2Fpay%3Fiban=[redacted]&x=1"],
      ["a=1;iban=DE1;b=2;email=a%40b", `a=1;iban=[redacted];b=2;email=${hash}`],
      [
        "https://a.example/pay?iban=DE1&email=a%40b",
        `https://a.example/pay?iban=[redacted]&email=${hash}`,
        "referer",
      ],
      ["see https://a.example/pay?iban=DE1 please", "see https://a.example/pay?iban=[redacted] please", ""],
      ["/pay;iban=DE1/x%3Biban%3DDE1/y", "/pay;iban=[redacted]/x%3Biban%3D[redacted]/y", ":path"],
      [
        "bank={%22iban%22:%22DE1%22,%22email%22:%22a@b%22}",
        `bank={%22iban%22:%22[redacted]%22,%22email%22:%22${hash}%22}`,
      ],
    ] as const)
      t.equal(redact(raw, name), written);
  },
);

t.test("JSON within a value keeps its secrets, in whatever way it stands there", async (t) => {
  const query = (value: unknown) => `v=${encodeURIComponent(JSON.stringify(value))}`;
  const written = (raw: string) => decodeURIComponent(redact(raw).slice("v=".length));
  for (const [value, expected] of [
    [{ password: "S" }, '{"password":"[redacted]"}'],
    [
      { input: { token: "S", page: 2 }, pin: 1234 },
      '{"input":{"token":"[redacted]","page":2},"pin":"[redacted]"}',
    ],
    [{ passwords: ["S", { a: "S]" }], b: [1] }, '{"passwords":"[redacted]","b":[1]}'],
    [{ password: 'S"S\\', b: "x;y&z" }, '{"password":"[redacted]","b":"x;y&z"}'],
    [{ password: "p?S=1&S#S" }, '{"password":"[redacted]"}'],
    [{ url: "https://a.example/?token=S", a: 1 }, '{"url":"https://a.example/?token=[redacted]","a":1}'],
    [[{ secret: "S" }], '[{"secret":"[redacted]"}]'],
    [{ a: JSON.stringify({ password: "S", b: 1 }) }, '{"a":"{\\"password\\":\\"[redacted]\\",\\"b\\":1}"}'],
    ['{"password":"S"}', '"{\\"password\\":\\"[redacted]\\"}"'],
  ] as const)
    t.equal(written(query(value)), expected);
  t.equal(redact('{"token":"S"}', "x-client"), '{"token":"[redacted]"}');
  t.equal(redact('{"token": "S", "a": [1, 2]}', "x-client"), '{"token": "[redacted]", "a": [1, 2]}');
  t.equal(redact('{"t\\u006fken":"S","a":"b"}', "x"), '{"t\\u006fken":"[redacted]","a":"b"}');
  t.equal(redact('x;v={"a":"b c","token":"S"}', "x-client"), 'x;v={"a":"b c","token":"[redacted]"}');
  t.equal(
    redact('{"a":"b","password":"S', "x-client"),
    '{"a":"b","password":"[redacted]"',
    "also where it is cut",
  );
  t.equal(redact('{"a":"{\\"password\\":\\"S', "x-client"), '{"a":"{\\"password\\":\\"[redacted]\\""');
  t.equal(
    redact('query=mutation{login(password:"S",name:"n")}'),
    'query=mutation{login(password:"[redacted]",name:"n")}',
  );
  t.equal(redact("%7B%22password%22%3A%22S%26S%22%7D"), "%7B%22password%22%3A%22[redacted]%22%7D");
  const plain = query({ name: "Nuno", tags: ["a", 'b"c'], page: { at: "https://a.example/?x=1" } });
  t.equal(redact(plain), plain);
});

t.test("names that are encoded, once or more, are meant as well", async (t) => {
  for (const raw of [
    "%2570assword=S",
    "pass%2577ord=S",
    "%252570assword=S",
    "next=%2Fa%3Fpa%2573sword%3DS",
    "next=/a?pa%73sword=S",
    "next=%2Fa%3Fuser%255Bpassword%255D%3DS",
    "%2Freset%3Ftoken%3DS%26b=1",
    "a=1&%3Ftoken%3DS",
    "a=?token%3DS",
    "token=a;S",
    "next=/a?token=a%26S/S",
  ]) {
    const it = redact(raw);
    t.notMatch(it, /S/, raw);
    t.match(it, "[redacted]", raw);
  }
  const often = (text: string, times: number): string =>
    times === 0 ? text : often(encodeURIComponent(text), times - 1);
  t.match(redact(`next=${often("/a?token=S", 2)}`), /^next=%[^S]*\[redacted\]$/);
  for (const times of [3, 7, 20])
    t.equal(
      redact(`next=${often("/a?x=S", times)}`),
      "next=[redacted]",
      "deeper than two levels nothing is read",
    );
  t.equal(redact(`next=${often("/a?x=S", 2)}`), `next=${often("/a?x=S", 2)}`);
  t.notMatch(redact(`${often("%token", 12)}=S`), /S/);
});

t.test("hostile text takes no long time", async (t) => {
  for (const part of [
    "?a=",
    "?key=",
    "%253f",
    "://",
    "&=",
    ";key%3d",
    '"a":',
    '\\"',
    "{[",
    '"',
    "%22:",
    '"a":{',
    "a:",
    " :",
  ]) {
    const text = part.repeat(100_000);
    t.ok(redact(text, ":path").length >= text.length, part);
  }
  t.equal(redact(`://${"a".repeat(500_000)}`, "").length, 500_003);
  t.equal(redact('"key":{'.repeat(100_000), ""), '"key":"[redacted]"');
});
