import t from "tap";
import {
  byteOrderMark,
  charsetOf,
  outgoingContentType,
  readingOf,
  readingOfMeta,
} from "../../../src/page/html/charset.ts";

t.test("labels are read as browsers read them", async (t) => {
  for (const label of [
    "utf-8",
    "UTF8",
    " windows-1252 ",
    "latin1",
    "Shift_JIS",
    "gbk",
    "GB18030",
    "big5",
    "euc-kr",
    "x-user-defined",
  ]) {
    t.equal(readingOf(label), "ascii", label);
  }
  t.equal(readingOf("ISO-2022-JP"), "unmarkable");
  t.equal(readingOf("utf-16"), "utf-16le");
  t.equal(readingOf("UTF-16BE"), "utf-16be");
  t.equal(readingOf("iso-2022-kr"), "unmarkable");
  for (const label of ["", "utf-7", "utf-32", "nonsense", "__proto__", "constructor"])
    t.equal(readingOf(label), null, label);
});

t.test("a meta can't make a document UTF-16", async (t) => {
  t.equal(readingOfMeta("utf-16"), "ascii");
  t.equal(readingOfMeta("iso-2022-jp"), "unmarkable");
});

t.test("the charset is found in a content type", async (t) => {
  t.equal(charsetOf("text/html"), null);
  t.equal(charsetOf("text/html; charset=utf-8"), "utf-8");
  t.equal(charsetOf('text/html;CHARSET="Shift_JIS"; x=y'), "Shift_JIS");
  t.equal(charsetOf("text/html; charset = euc-jp ;x"), "euc-jp");
});

t.test("UTF-16 leaves as UTF-8, everything else as it came", async (t) => {
  t.equal(outgoingContentType("text/html; charset=utf-16"), "text/html; charset=utf-8");
  t.equal(
    outgoingContentType('application/xhtml+xml;charset="UTF-16BE"'),
    "application/xhtml+xml; charset=utf-8",
  );
  t.equal(outgoingContentType("text/html; Charset=Windows-1252"), "text/html; Charset=Windows-1252");
  t.equal(outgoingContentType("text/html"), "text/html");
});

t.test("a byte order mark is known by three bytes", async (t) => {
  t.same(byteOrderMark(Buffer.from([0xef, 0xbb, 0xbf])), { reading: "ascii", length: 3 });
  t.same(byteOrderMark(Buffer.from([0xff, 0xfe, 0x3c])), { reading: "utf-16le", length: 2 });
  t.same(byteOrderMark(Buffer.from([0xfe, 0xff])), { reading: "utf-16be", length: 2 });
  t.equal(byteOrderMark(Buffer.from("<ht")), null);
  t.equal(byteOrderMark(Buffer.alloc(0)), null);
});
