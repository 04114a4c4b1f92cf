import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import { parse } from "yaml";
import { learn } from "../../src/cli/learn.ts";
import { testFolder } from "../fixtures/test-folder.ts";

async function run(...args: readonly string[]) {
  const said = { out: "", err: "" };
  const io = {
    out: (text: string) => {
      said.out += text;
    },
    err: (text: string) => {
      said.err += text;
    },
    env: {},
  };
  const code = await learn.run(args, io as unknown as Parameters<typeof learn.run>[1]);
  return { code, ...said };
}

const LOG = [
  '10.0.0.1 - - [28/Nov/2026:10:00:00 +0000] "GET /ticket?id=42&secret-value=hunter2 HTTP/1.1" 200 12 "-" "Mozilla/5.0"',
  '10.0.0.1 - - [28/Nov/2026:10:00:01 +0000] "GET /ticket?id=43&page=2 HTTP/1.1" 200 12 "http://a/?ref=1" "x"',
  '10.0.0.1 - - [28/Nov/2026:10:00:02 +0000] "GET /ticket?id=44&action=close&_wpnonce=1 HTTP/1.1" 302 0 "-" "x"',
  '10.0.0.1 - - [28/Nov/2026:10:00:03 +0000] "POST /ticket?posted=1 HTTP/1.1" 302 0 "-" "x"',
  '{"method":"GET","uri":"/list?filter[1]=a&filter[2]=b&page=1"}',
  '{"request":{"method":"HEAD","uri":"/list?page=9"}}',
  "GET /list?filter%5B7%5D=a&sort=up",
  "no request at all",
];

t.test("a day's log becomes a list of names, and no value is in it", async (t) => {
  const file = join(testFolder(t), "access.log");
  await writeFile(file, LOG.join("\n"));
  const { code, out, err } = await run(file, "--least", "2");
  t.equal(code, 0, err);
  t.strictSame(parse(out), { reads: { query: ["id", "page", "filter[*]"] } });
  t.match(out, /^# 6 requests that look/);
  t.match(
    out,
    /may tell the app to do something[\s\S]*"_wpnonce"[\s\S]*"action"[\s\S]*fewer than 2[\s\S]*"secret-value"/,
  );
  t.notMatch(out, /hunter2|posted|close|ref/);
});

t.test("as JSON, with counts", async (t) => {
  const file = join(testFolder(t), "access.log");
  await writeFile(file, LOG.join("\n"));
  const { out } = await run(file, "--least", "1", "--json");
  t.match(JSON.parse(out), {
    requests: 6,
    cut: false,
    telling: [{ name: "_wpnonce" }, { name: "action" }],
    query: [
      { name: "id", requests: 3 },
      { name: "page", requests: 3 },
      { name: "filter[*]", requests: 2 },
    ],
  });
});

t.test("what it can't do it says", async (t) => {
  t.match(await run(), { code: 2, err: /write the path of an access log/ });
  t.match(await run("x", "--least", "0"), { code: 2, err: /a number from 1/ });
  t.match(await run(join(testFolder(t), "none")), { code: 1, err: /can not be read \(ENOENT\)/ });
});
