import { readFileSync } from "node:fs";
import { STATUS_CODES } from "node:http";
import t from "tap";
import { asFault, codeOf, FAULTS, Fault, type FaultCode, isGone, whyOf } from "../src/errors.ts";

const CODES = Object.keys(FAULTS) as FaultCode[];

t.test("every code is a word with a status of HTTP, a title and a hint for a person", async (t) => {
  for (const code of CODES) {
    const { status, title, hint } = FAULTS[code];
    t.match(code, /^[a-z]+(?:-[a-z]+)*$/);
    t.ok(STATUS_CODES[status] !== undefined && status >= 400, `${code}: ${status}`);
    t.match(title, /^[A-Z][^.]+$/, code);
    t.match(hint, /^[A-Z].*\.$/, code);
  }
});

t.test("a fault carries its row of the table, and its detail for the operator", async (t) => {
  for (const code of CODES) {
    const cause = new Error("why");
    const fault = new Fault(code, "10.0.0.7 said no", { cause });
    t.ok(fault instanceof Error);
    t.match(fault, {
      name: "Fault",
      code,
      detail: "10.0.0.7 said no",
      cause,
      message: `${code}: 10.0.0.7 said no`,
    });
    t.same(
      [fault.status, fault.title, fault.hint],
      [FAULTS[code].status, FAULTS[code].title, FAULTS[code].hint],
    );
    t.notMatch(fault.title + fault.hint, /10\.0\.0\.7/);
  }
});

t.test("the docs have the same statuses", async (t) => {
  const docs = readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8");
  for (const code of CODES)
    t.match(docs, new RegExp(`^\\| \`${code}\` \\| ${FAULTS[code].status} \\|`, "m"), code);
});

t.test("a code is a text, or none", async (t) => {
  t.equal(codeOf(Object.assign(new Error("it went wrong"), { code: "X" })), "X");
  t.equal(codeOf(new Error("none")), "");
  t.equal(codeOf(Object.assign(new Error("a number"), { code: 7 })), "");
  t.equal(codeOf(null), "");
});

t.test(
  "why an error came is its message, a fault's its detail; only ENOENT says that a file is gone",
  async (t) => {
    t.equal(whyOf(new Error("it broke")), "it broke");
    t.equal(whyOf(new Fault("internal", "10.0.0.7 said no")), "10.0.0.7 said no");
    t.equal(whyOf("a word"), "a word");
    t.ok(isGone(Object.assign(new Error("no such file"), { code: "ENOENT" })));
    t.notOk(isGone(Object.assign(new Error("not allowed"), { code: "EACCES" })));
  },
);

t.test(
  "an error becomes a fault once: one of the same code stays as it is, of another it becomes the cause",
  async (t) => {
    const cause = new Error("it broke");
    const fault = asFault("store-unavailable", "the store", cause);
    t.match(fault, { code: "store-unavailable", detail: "the store: it broke", cause });
    t.equal(asFault("store-unavailable", "again", fault), fault);
    t.match(asFault("internal", "", fault), {
      code: "internal",
      detail: "the store: it broke",
      cause: fault,
    });
  },
);
