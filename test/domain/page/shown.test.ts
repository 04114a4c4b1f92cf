import t from "tap";
import { shownAs } from "../../../src/domain/page/shown.ts";

const typed = (...values: readonly string[]) => shownAs(values.flatMap((value) => ["Content-Type", value]));

t.test(
  "whatever a browser takes for HTML is a page, and leaves with the type that it is taken for",
  async (t) => {
    for (const [value, type] of [
      ["text/html", "text/html"],
      ["TEXT/HTML ;x=y; Charset = utf-8", "text/html; charset=utf-8"],
      ['\ttext/html; charset="utf-8"', "text/html; charset=utf-8"],
      ["text/html foo", "text/html"],
      ["text/html(foo)", "text/html"],
      ["text/html;charset=utf-7", "text/html; charset=utf-7"],
      ["text/html; xcharset=utf-16", "text/html"],
      ["text/plain, text/html foo", "text/html"],
      ["text/html, text/plain", "text/html"],
    ] as const)
      t.same(typed(value), { kind: "page", syntax: "html", type }, value);
    t.same(typed("text/html", "text/plain"), { kind: "page", syntax: "html", type: "text/html" });
    for (const value of [
      "application/xhtml+xml",
      "application/xhtml+xml foo",
      "text/plain, application/xhtml+xml",
    ])
      t.match(typed(value), { kind: "page", syntax: "xml" }, value);
    t.match(typed("application/xhtml+xml, text/html"), { kind: "page", syntax: "html" });
  },
);

t.test("other XML is source, with the charset that it came with", async (t) => {
  for (const value of [
    "text/xml",
    "application/xml",
    "text/xsl",
    "application/rss+xml",
    "a+xml",
    "application/xml x",
  ])
    t.same(typed(value), { kind: "source", type: "text/plain; charset=utf-8" }, value);
  t.same(typed("text/xml; charset=latin1"), { kind: "source", type: "text/plain; charset=latin1" });
  t.same(typed("image/svg+xml"), { kind: "drawing" });
});

t.test("pictures, text and data are passive, and so is what has no type", async (t) => {
  for (const value of [
    "image/png",
    "text/plain; x",
    "text/css",
    "application/json",
    "application/ld+json",
    "application/pdf",
  ])
    t.same(typed(value), { kind: "passive" }, value);
  for (const value of ["", "html", "*/*", ";text/html", "(c)text/html"])
    t.same(typed(value), { kind: "passive" }, value);
  t.same(shownAs([]), { kind: "passive" });
});

t.test("what browsers might make a document of, or nobody here knows, is saved", async (t) => {
  for (const value of [
    "application/signed-exchange;v=b3",
    "multipart/x-mixed-replace; boundary=b",
    "message/rfc822",
    "application/octet-stream",
    '"text/html"',
  ])
    t.same(typed(value), { kind: "saved" }, value);
});

t.test("a file is what browsers keep as one, and nothing that merely looks like it", async (t) => {
  const disposed = (...values: readonly string[]) =>
    shownAs(["Content-Type", "text/html", ...values.flatMap((value) => ["Content-Disposition", value])]).kind;
  for (const value of [
    "attachment",
    " Attachment ; filename=a",
    'attachment; filename="a;b.html"',
    "attachment\t;x",
  ])
    t.equal(disposed(value), "saved", value);
  t.equal(disposed("attachment", "attachment"), "saved");
  for (const value of [
    "attachment=1",
    "attachment/x",
    "attachment x",
    "attachment(x)",
    '"attachment"',
    "=attachment",
    "inline; filename=attachment",
    "filename=x",
  ])
    t.equal(disposed(value), "page", value);
  t.equal(disposed("attachment", "inline"), "page");
});
