import { readFileSync } from "node:fs";
import { STATUS_CODES } from "node:http";
import t from "tap";
import { FAULTS, Fault, type FaultCode } from "../src/errors.ts";

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
