import { request } from "node:http";
import t, { type Test } from "tap";
import { ALICE, ask, CLICK, cookieOf, named } from "../../fixtures/client/named.ts";
import { stack } from "../../fixtures/gateway/stack.ts";
import { journalOf } from "../../fixtures/journal/journal.ts";

const AUDIT = "audit:\n  mode: strict\n";

/** Does a few things as somebody else and gives what was recorded of them first. */
async function recorded(t: Test, audit: string, send: (url: string, cookie: string) => Promise<unknown>) {
  const it = await stack({ edit: (yaml) => named(yaml).replace(AUDIT, `${AUDIT}${audit}`) });
  t.teardown(() => it.close());
  const cookie = cookieOf(await ask(`${it.url}/site/9421/overview`, { ...CLICK, ...ALICE }));
  await send(it.url, cookie);
  await it.gateway.close();
  return (await journalOf(it.data)).filter((record) =>
    ["impersonation.intent", "impersonation.denied", "impersonation.outcome"].includes(record.event.action),
  );
}

function post(url: string, headers: Record<string, string>, body: string, method = "POST"): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode ?? 0));
    })
      .once("error", reject)
      .end(body);
  });
}

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const FIELDS = "  capture: { headers: [Accept-Language, Cookie, X-Absent], body: fields }\n";

t.test("headers and the fields of a form are recorded first, and not again with the outcome", async (t) => {
  const [, , intent, outcome] = await recorded(t, FIELDS, (url, cookie) =>
    post(
      `${url}/search`,
      { ...ALICE, ...FORM, cookie, "accept-language": "de" },
      "q=uptime&password=hunter2",
    ),
  );
  t.match(intent, {
    event: { action: "impersonation.intent" },
    http: {
      request: {
        headers: { "accept-language": "de", cookie: "[redacted]" },
        body: { content: "q=uptime&password=[redacted]" },
      },
    },
    guise: { checks: [/^yes: /] },
  });
  t.match(outcome, { event: { action: "impersonation.outcome" }, http: { request: { bytes: 25 } } });
  t.notMatch(outcome, { http: { request: { body: {} } } });
  t.notMatch(outcome, { guise: { checks: [] } });
});

t.test("what was refused is recorded with its fields too, whatever its method", async (t) => {
  const records = await recorded(t, FIELDS, async (url, cookie) => {
    await post(`${url}/site/9421/settings`, { ...ALICE, ...FORM, cookie }, "interval=5", "PUT");
    const json = { "content-type": "application/json" };
    await post(`${url}/site/9421/settings`, { ...ALICE, ...json, cookie }, '{"a":{"token":"x","b":1}}');
  });
  const denied = records.filter((record) => record.event.action === "impersonation.denied");
  t.match(denied, [
    {
      http: { request: { method: "PUT", body: { content: "interval=5" } } },
      guise: { checks: [/./] },
    },
    { http: { request: { method: "POST", body: { content: "a%5Btoken%5D=[redacted]&a%5Bb%5D=1" } } } },
  ]);
});

t.test("a form that is too long is cut between two fields, with a mark, and sent whole", async (t) => {
  const body = `a=1&b=${"x".repeat(8_000)}&c=${"y".repeat(100_000)}`;
  const [, , intent, outcome] = await recorded(t, FIELDS, (url, cookie) =>
    post(`${url}/search`, { ...ALICE, ...FORM, cookie }, body),
  );
  t.match(intent, {
    http: { request: { body: { content: /^a=1&b=x+$/ } } },
    guise: { truncated: ["http.request.body.content"] },
  });
  t.match(outcome, { http: { request: { bytes: body.length } } });
});

t.test("nothing of it is kept unless it is asked for, and the query can be left out", async (t) => {
  const [, , intent] = await recorded(t, "  capture: { query: false }\n", (url, cookie) =>
    post(`${url}/search?tab=1`, { ...ALICE, ...FORM, cookie, "accept-language": "de" }, "q=uptime"),
  );
  t.match(intent, { url: { path: "/search" } });
  t.notMatch(intent, { url: { query: /./ } });
  t.notMatch(intent, { http: { request: { headers: {} } } });
  t.notMatch(intent, { http: { request: { body: {} } } });
});

t.test("a form with a file is recorded by its fields, and never by what is in the file", async (t) => {
  const part = (head: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`;
  const body = `${part('name="title"', "Holiday")}${part('name="photo"; filename="me.png"', "the bytes of it")}${part('name="apiToken"', "t0p")}--b--\r\n`;
  const [, , intent] = await recorded(t, FIELDS, (url, cookie) =>
    post(`${url}/search`, { ...ALICE, cookie, "content-type": "multipart/form-data; boundary=b" }, body),
  );
  const content = "title=Holiday&photo%5Bfilename%5D=me.png&apiToken=[redacted]";
  t.match(intent, { http: { request: { body: { content } } } });
  t.notMatch(JSON.stringify(intent), "the bytes of it");
});
