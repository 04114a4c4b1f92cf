import t from "tap";
import { effectiveMethod, isSafe, namesMethod } from "../../../src/domain/method/method.ts";

t.test("safe is what only asks; what nobody knows is not", async (t) => {
  for (const method of ["GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY"])
    t.equal(isSafe(method), true, method);
  for (const method of [
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "MKCOL",
    "LOCK",
    "PROPPATCH",
    "get",
    "Get",
    "",
    "UNKNOWN",
    "__proto__",
  ])
    t.equal(isSafe(method), false, method);
});

t.test("without an override the method is what was sent", async (t) => {
  t.same(effectiveMethod("POST", null), { method: "POST", overridden: false });
  t.same(effectiveMethod("GET", "a=b&method=x&my_method=y"), { method: "GET", overridden: false });
});

t.test("_method in the query makes the method, whatever was sent", async (t) => {
  t.same(effectiveMethod("GET", "_method=delete"), { method: "DELETE", overridden: true });
  t.same(effectiveMethod("POST", "a=b&_method=PUT"), { method: "PUT", overridden: true });
  t.same(effectiveMethod("POST", "_method=POST"), { method: "POST", overridden: true });
});

t.test("of several that differ nobody knows which one counts: some servers take the first", async (t) => {
  for (const query of ["_method=GET&_method=DELETE", "_method=DELETE&_method=GET", "_method=PUT&.method=GET"])
    t.same(effectiveMethod("POST", query).method, "UNKNOWN", query);
  t.same(effectiveMethod("POST", "_method=put&_method=PUT").method, "PUT");
});

t.test("fields may be parted by semicolons", async (t) => {
  for (const query of ["a=1;_method=DELETE", "a=1; _method=DELETE&b", ";_method=DELETE;"])
    t.same(effectiveMethod("POST", query), { method: "DELETE", overridden: true }, query);
});

t.test("an encoded name is the same name", async (t) => {
  for (const query of [
    "%5Fmethod=DELETE",
    "%5fmethod=DELETE",
    "_m%65thod=DELETE",
    "%5f%6d%65%74%68%6f%64=DELETE",
    ".method=DELETE",
    "+_method=DELETE",
  ])
    t.same(effectiveMethod("GET", query), { method: "DELETE", overridden: true }, query);
});

t.test("what is no word is a method that nobody knows", async (t) => {
  for (const value of ["", "a b", "DELETE%00", "x".repeat(21), "DEL-ETE", "%FF", "PURGE", "REVMRVRF"])
    t.same(effectiveMethod("GET", `_method=${value}`), { method: "UNKNOWN", overridden: true }, value);
});

t.test("a name that some server takes for it is one", async (t) => {
  for (const name of [
    "_method",
    ".method",
    "[method",
    " _method",
    "_method\0x",
    "_method[]",
    "_method[a]",
    "_method[a_b][c]",
    "_METHOD",
    "_HttpMethod",
    "__METHOD_OVERRIDE__",
    "X-HTTP-Method-Override",
    " method".replace(" ", "  ."),
  ])
    t.equal(namesMethod(name), true, JSON.stringify(name));
  for (const name of [
    "method",
    "my_method",
    "_methods",
    "_method_",
    "x[_method]",
    "",
    `_method[${"[".repeat(60_000)}`,
  ])
    t.equal(namesMethod(name), false, JSON.stringify(name.slice(0, 20)));
});
