import t from "tap";
import { formFields } from "../../../src/domain/method/form-fields.ts";

t.test("a form is its own text", async (t) => {
  const text = "name=Nuno+A&site%5Burl%5D=x&&";
  t.equal(formFields("application/x-www-form-urlencoded; charset=utf-8", text), text);
});

t.test("a JSON object is told field by field", async (t) => {
  const text = JSON.stringify({ name: "a&b", address: { city: "Paris", lines: [1, null] }, empty: {} });
  const fields = formFields("application/vnd.api+json", text);
  t.equal(
    fields,
    "name=a%26b&address%5Bcity%5D=Paris&address%5Blines%5D%5B0%5D=1&address%5Blines%5D%5B1%5D=null",
  );
});

t.test("nothing is without a bound", async (t) => {
  const many = JSON.stringify(Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`f${at}`, at])));
  t.equal(formFields("application/json", many)?.split("&").length, 200);
  const deep = `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`;
  t.equal(formFields("application/json", deep), "");
  t.type(formFields("application/json", '{"\\ud800":"\\udfff"}'), "string");
});

t.test("other bodies have none, and what can't be read neither", async (t) => {
  t.equal(formFields("multipart/form-data", "--x"), null, "no boundary");
  t.equal(formFields("multipart/mixed; boundary=x", "--x"), null);
  t.equal(formFields("", "a=b"), null);
  t.equal(formFields("application/jsonp", "{}"), null);
  t.equal(formFields("application/json", '{"a":'), null);
});

t.test("of parts the names and values are told, of files the name alone", async (t) => {
  const part = (head: string, value: string) =>
    `--b-1\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`;
  const body = [
    "a preamble\r\n",
    part('name="q"', "up & down"),
    part('name="user[password]"', "hunter2"),
    part('name="photo"; filename="me.png"\r\nContent-Type: image/png', "\u0089PNG secret bytes\r\n\r\n"),
    part("name=bare", ""),
    part('filename="nameless.txt"', "x"),
  ].join("");
  const told = "q=up%20%26%20down&user%5Bpassword%5D=hunter2&photo%5Bfilename%5D=me.png&bare=";
  for (const boundary of ["b-1", '"b-1"; charset=utf-8'])
    t.equal(formFields(`multipart/form-data; boundary=${boundary}`, `${body}--b-1--\r\n`), told);
  const cut = part('name="q"', "1") + part('name="rest"', "is not all here").slice(0, -6);
  t.equal(formFields("multipart/form-data; boundary=b-1", cut), "q=1", "what is cut off is not told");
});
