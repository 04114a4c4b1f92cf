import t from "tap";
import { methodInBody } from "../../../src/domain/method/body-method.ts";

function parts(...fields: readonly (readonly [string, string])[]): string {
  return `${fields.map(([head, value]) => `--b\r\n${head}\r\n\r\n${value}\r\n`).join("")}--b--\r\n`;
}

const NAMED = 'Content-Disposition: form-data; name="_method"';

t.test("a form's _method is what becomes of it", async (t) => {
  t.equal(methodInBody("_method=delete&a=b"), "DELETE");
  t.equal(methodInBody("a=b&_method=PUT"), "PUT");
  t.equal(methodInBody("_method=GET&_method=DELETE"), "UNKNOWN", "some servers take the first");
  t.equal(methodInBody("a=b;_method=DELETE"), "DELETE");
  t.equal(methodInBody("a=b&method=DELETE"), null);
  t.equal(methodInBody(""), null);
});

t.test("however its name is written", async (t) => {
  for (const name of [
    "%5Fmethod",
    "_m%65thod",
    "%5f%6d%65%74%68%6f%64",
    "_%6Dethod",
    ".method",
    "+_method",
    "%20.method",
    "[method",
    "_method%00x",
  ])
    t.equal(methodInBody(`a=b&${name}=DELETE`), "DELETE", name);
  t.equal(methodInBody("_method[]=DELETE"), "DELETE");
});

t.test("parts are read too, whatever stands around the name", async (t) => {
  t.equal(
    methodInBody(parts(['Content-Disposition: form-data; name="a"', "b"], [NAMED, "DELETE"])),
    "DELETE",
  );
  t.equal(methodInBody(parts([`Content-Type: text/plain\r\n${NAMED}`, "PATCH"])), "PATCH");
  t.equal(methodInBody(parts([`${NAMED}\r\nContent-Type: text/plain`, "PATCH"])), "PATCH");
  t.equal(methodInBody(parts(["content-disposition: form-data; NAME=_method", "put"])), "PUT");
  t.equal(methodInBody(parts(['Content-Disposition: form-data; name=".method"', "put"])), "PUT");
  t.equal(
    methodInBody(parts(['Content-Disposition: form-data; name="file"; filename="_method"', "DELETE"])),
    null,
  );
  t.equal(methodInBody(parts([NAMED, "GET"], [NAMED, "DELETE"])), "UNKNOWN");
  for (const head of [
    "Content-Disposition: form-data; name='_method'",
    'Content-Disposition: form-data;\r\n name="_method"',
    'Content-Disposition: form-data; name=\r\n "_method"',
    "Content-Disposition: form-data; name*=UTF-8''%5Fmethod",
    'Content-Disposition: form-data; name="\\_me\\thod"',
    'Content-Disposition: form-data; name="_METHOD"',
    'Content-Disposition: form-data; name="X-HTTP-Method-Override"',
  ])
    t.equal(
      methodInBody(parts(['Content-Disposition: form-data; name="a"', "b"], [head, "DELETE"])),
      "DELETE",
      head,
    );
  const packed = `${NAMED}\r\nContent-Transfer-Encoding: base64`;
  t.equal(methodInBody(parts([packed, "REVMRVRF"])), "UNKNOWN");
});

t.test("JSON is read by its top level", async (t) => {
  t.equal(methodInBody('{"a":1,"_method":"delete"}'), "DELETE");
  t.equal(methodInBody(' {"\\u005fmethod":"put"}'), "PUT");
  t.equal(methodInBody('{"_m\\u0065thod":"put"}'), "PUT");
  t.equal(methodInBody('\u00ef\u00bb\u00bf{"_method":"put"}'), "PUT", "behind a byte order mark");
  t.equal(methodInBody('{"_METHOD":"put"}'), "PUT");
  t.equal(methodInBody('{"a":{"_method":"put"}}'), null);
  t.equal(methodInBody('[{"_method":"put"}]'), null);
});

t.test("what can't be told is a method that nobody knows", async (t) => {
  t.equal(methodInBody('{"_method":"put"'), "UNKNOWN", "cut off");
  t.equal(methodInBody('{"_method":7}'), "UNKNOWN");
  t.equal(methodInBody("_method=a+b"), "UNKNOWN");
  t.equal(methodInBody("_method="), "UNKNOWN");
  t.equal(methodInBody(`_method=PUT&x=${parts([NAMED, "DELETE"])}`), "UNKNOWN", "two readings that differ");
});

t.test("a hostile text is read in no time", async (t) => {
  const hostile = [
    'name="a"\n'.repeat(8_000),
    `${"name=".repeat(13_000)}`,
    `name="${"x".repeat(65_000)}`,
    `method${"name    ".repeat(50_000)}`,
    `method${'name="_method"\n'.repeat(50_000)}`,
    `_method${"[".repeat(500_000)}=`,
    `method${"\r\n".repeat(300_000)}`,
    "a\r\n".repeat(20_000),
    `{"_method":${"[".repeat(60_000)}`,
  ];
  for (const text of hostile)
    t.ok(methodInBody(text) === null || methodInBody(text) === "UNKNOWN", text.slice(0, 20));
});
