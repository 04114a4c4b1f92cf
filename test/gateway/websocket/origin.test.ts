import t from "tap";
import { originAllowed } from "../../../src/gateway/websocket/origin.ts";

const own = { publicOrigins: ["https://app.example.com", "http://localhost:8000"] };

t.test("WS-01: under an impersonation only the app's own pages may open a socket", async (t) => {
  const impersonating = { ...own, impersonating: true };
  for (const origin of ["https://app.example.com", "HTTPS://App.Example.COM", "http://localhost:8000"]) {
    t.same(originAllowed(origin, impersonating), { allowed: true, why: "same-origin" }, origin);
  }
  for (const origin of [
    "https://evil.example",
    "https://app.example.com.evil.example",
    "https://app.example.com:8443",
    "http://app.example.com",
    "https://app.example.com/",
    "https://app.example.com, https://evil.example",
    "https://user@app.example.com",
    " https://app.example.com",
    "null",
    "chrome-extension://abc",
  ]) {
    t.same(originAllowed(origin, impersonating), { allowed: false, why: "foreign" }, origin);
  }
});

t.test("WS-01: under an impersonation no Origin at all is no browser, and is refused", async (t) => {
  for (const origin of [undefined, ""]) {
    t.same(originAllowed(origin, { ...own, impersonating: true }), { allowed: false, why: "missing" });
  }
});

t.test("own traffic passes with whatever Origin it has: the app has its own clients", async (t) => {
  for (const origin of [undefined, "null", "https://evil.example", "https://app.example.com"]) {
    t.same(originAllowed(origin, { ...own, impersonating: false }), { allowed: true, why: "own-traffic" });
  }
});

t.test("a public origin is compared in its plain form, and one that is none never matches", async (t) => {
  const origins = ["https://APP.example.com:443", "", "nonsense", "null"];
  t.ok(originAllowed("https://app.example.com", { publicOrigins: origins, impersonating: true }).allowed);
  t.notOk(originAllowed("null", { publicOrigins: [...origins, "file:///x"], impersonating: true }).allowed);
});
