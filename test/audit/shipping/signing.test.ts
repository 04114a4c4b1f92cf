import { createHmac } from "node:crypto";
import t from "tap";
import { signer } from "../../../src/audit/shipping/webhook-delivery.ts";

const KEY = Buffer.from("0123456789abcdef01234567");
const TEXT = KEY.toString("base64");

// The example of https://github.com/standard-webhooks/standard-webhooks, as its libraries have it in their tests.
t.test("a signature is the one that the libraries of Standard Webhooks make", async (t) => {
  const sign = signer("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "hooks.example");
  const signature = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", '{"test": 2432232314}');
  t.equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

t.test("the prefix may be there or not: the key is the same", async (t) => {
  const expected = `v1,${createHmac("sha256", KEY).update("e1.17.{}").digest("base64")}`;
  t.equal(signer(`whsec_${TEXT}`, "hooks.example")("e1", "17", "{}"), expected);
  t.equal(signer(TEXT, "hooks.example")("e1", "17", "{}"), expected);
});

for (const [name, secret] of [
  ["words", "correct horse battery staple, correct horse"],
  ["no base64 behind the prefix", "whsec_ä"],
  ["base64 of too few bytes", Buffer.alloc(23, 7).toString("base64")],
  ["base64 of too many bytes", Buffer.alloc(65, 7).toString("base64")],
  ["base64 without its end", Buffer.alloc(25, 7).toString("base64").replaceAll("=", "")],
  ["the alphabet of addresses", Buffer.alloc(24, 255).toString("base64url")],
  ["a line break inside", `${TEXT.slice(0, 16)}\n${TEXT.slice(16)}`],
  ["a prefix alone", "whsec_"],
] as const) {
  t.test(`a secret is refused that is ${name}; how to make one is said, the secret is not`, async (t) => {
    t.throws(() => signer(secret, "hooks.example"), {
      code: "config-invalid",
      detail:
        "audit.webhooks: the secret of hooks.example has to be 24 to 64 bytes in base64, with or without whsec_ before them; make one with `openssl rand -base64 32`",
    });
  });
}

t.test("the shortest and the longest key are taken", async (t) => {
  for (const bytes of [24, 64])
    t.match(signer(Buffer.alloc(bytes, 7).toString("base64"), "hooks.example")("e1", "17", "{}"), /^v1,/);
});
