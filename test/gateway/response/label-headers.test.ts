import t from "tap";
import { inPolicy, onTheLabel } from "../../../src/gateway/response/label-headers.ts";

const app = { origin: "https://app.example.com", authority: "app.example.com", host: "app.example.com" };
const origin = "https://l.view.example.net";
const turned = (name: string, value: string) => onTheLabel([name, value], { app }, origin);

t.test("addresses of the app's own host are the label's", async (t) => {
  for (const [name, value, want] of [
    ["Location", "https://app.example.com/x?a=b", `${origin}/x?a=b`],
    ["Location", "/x", "/x"],
    ["Location", "https://other.example.com/x", "https://other.example.com/x"],
    ["Content-Location", "//app.example.com/x", `${origin}/x`],
    ["Refresh", "0; url=https://app.example.com/", `0; url=${origin}/`],
    ["Link", "<https://app.example.com/a>; rel=next", `<${origin}/a>; rel=next`],
    ["Access-Control-Allow-Origin", "https://app.example.com", origin],
    ["Access-Control-Allow-Origin", "*", "*"],
    ["X-Other", "https://app.example.com", "https://app.example.com"],
  ] as const)
    t.same(turned(name, value), [name, want]);
});

t.test("a policy that names the app's own host names the label's too", async (t) => {
  t.equal(
    inPolicy(
      "default-src 'self' https://app.example.com/a; connect-src wss://app.example.com data:",
      app,
      origin,
    ),
    "default-src 'self' https://app.example.com/a https://l.view.example.net/a; connect-src wss://app.example.com wss://l.view.example.net data:",
  );
  t.equal(
    inPolicy("img-src app.example.com *.example.com", app, origin),
    "img-src app.example.com l.view.example.net *.example.com",
  );
});

t.test("what a browser keeps for all hosts below is not for a label's", async (t) => {
  t.same(turned("Strict-Transport-Security", "max-age=1; includeSubDomains"), []);
});

t.test(
  "what may load the page's own may load it by the app's address, and nobody else may frame it",
  async (t) => {
    const to = "https://app.example.com";
    t.equal(
      inPolicy("default-src 'self'; script-src-elem 'self' 'nonce-a'; frame-ancestors 'self'", app, origin),
      `default-src 'self' ${to}; script-src-elem 'self' ${to} 'nonce-a'; frame-ancestors 'self'`,
    );
  },
);

t.test("forms may lead to the app's own host, as Stop does", async (t) => {
  const to = "https://app.example.com";
  t.equal(inPolicy("form-action 'self'; img-src *", app, origin), `form-action 'self' ${to}; img-src *`);
  t.equal(inPolicy("img-src *;form-action 'none'", app, origin), `img-src *;form-action 'none' ${to}`);
  t.equal(inPolicy("img-src form-action", app, origin), "img-src form-action");
});
