import t from "tap";
import { readCurl, readHar } from "../../src/cli/explain-input.ts";

t.test("a curl line is read as a shell reads it", async (t) => {
  for (const [line, method, url, headers] of [
    ["curl http://a.test/x", "GET", "http://a.test/x", []],
    ["curl 'http://a.test/x?a=1&b=2' -H 'A: b: c'", "GET", "http://a.test/x?a=1&b=2", ["A", "b: c"]],
    [`curl "http://a.test/" -H "A: \\"q\\" \\$x"`, "GET", "http://a.test/", ["A", '"q" $x']],
    ["curl http://a.test/ -H $'A: it\\'s \\u00e9'", "GET", "http://a.test/", ["A", "it's é"]],
    ["curl -XDELETE http://a.test/", "DELETE", "http://a.test/", []],
    ["curl --request=put --url http://a.test/", "PUT", "http://a.test/", []],
    ["curl http://a.test/ --data-raw 'a=http://b.test/'", "POST", "http://a.test/", []],
    ["curl -I http://a.test/", "HEAD", "http://a.test/", []],
    [
      "curl -o file --compressed --max-time 5 http://a.test/ \\\n -b 'c=d'",
      "GET",
      "http://a.test/",
      ["cookie", "c=d"],
    ],
    [
      "curl http://a.test/ -A x -e http://a.test/y",
      "GET",
      "http://a.test/",
      ["user-agent", "x", "referer", "http://a.test/y"],
    ],
  ] as const) {
    const read = readCurl(line);
    if (typeof read === "string") t.fail(`${line} ${read}`);
    else t.same([read.method, read.url.href, read.headers], [method, url, headers], line);
  }
});

t.test("what is no curl line says so", async (t) => {
  t.match(readCurl("wget http://a.test/"), /is no curl line/);
  t.match(readCurl("curl --compressed"), /names no whole address/);
  t.match(readCurl("curl 'http://a.test/"), /never closed/);
});

t.test("a HAR gives its requests without what HTTP/2 says of itself", async (t) => {
  const headers = [
    { name: ":path", value: "/" },
    { name: "cookie", value: "a=b" },
  ];
  const request = { method: "get", url: "https://a.test/", headers };
  t.match(readHar(JSON.stringify({ log: { entries: [{ request, more: 1 }] } })), [
    { method: "GET", url: { href: "https://a.test/" }, headers: ["cookie", "a=b"] },
  ]);
  for (const text of ["", "{}", "[1]", '{"log":{"entries":[{}]}}']) t.match(readHar(text), /is no HAR/);
});
