import t from "tap";
import {
  type HookLinks,
  type HookRecord,
  hookMessage,
  NO_LINKS,
} from "../../../src/audit/shipping/webhook-message.ts";
import { problemsOf } from "../../fixtures/gateway/config.ts";
import { YAML } from "../../fixtures/gateway/test-services.ts";

const STARTED: HookRecord = {
  "@timestamp": "2026-11-29T14:02:00.000Z",
  event: { id: "e1", action: "impersonation.started", outcome: "success", reference: "T-9/1" },
  user: { id: "alice", effective: { id: "17" } },
  url: { domain: "app.example.com", port: 8000, path: "/site/1/x" },
  guise: { impersonation: "imp-1", mode: "read", decision: "started" },
};
const LINKS: HookLinks = {
  run: "https://guise.example.com/.guise",
  page: "https:",
  prefix: "/.guise",
  ticket: "https://helpdesk.example.com/tickets/{ticket}",
};
const ALL = {
  run: "https://guise.example.com/.guise/activity?impersonation=imp-1",
  page: "https://app.example.com:8000/site/1/x",
  ticket: "https://helpdesk.example.com/tickets/T-9%2F1",
};
const said = (record: HookRecord, more: Partial<Parameters<typeof hookMessage>[1]> = {}) =>
  JSON.parse(hookMessage(record, { format: "json", links: LINKS, body: null, ...more }));

t.test("a message has the links that were asked for, and none else", async (t) => {
  t.strictSame(said(STARTED).links, ALL);
  t.equal("links" in said(STARTED, { links: NO_LINKS }), false);
  t.strictSame(said(STARTED, { links: { ...LINKS, run: null, page: null } }).links, { ticket: ALL.ticket });
  t.equal(
    said(STARTED, { format: "slack" }).text,
    `impersonation.started: alice as 17 (started, T-9/1) <${ALL.run}|run> <${ALL.page}|page> <${ALL.ticket}|ticket>`,
  );
});

t.test("what there is nothing for is left out: no ticket, no impersonation, a page of ours", async (t) => {
  const { reference: _, ...event } = STARTED.event;
  t.strictSame(
    said({ ...STARTED, event, guise: {}, url: { domain: "a.example", path: "/.guise/start" } }).links,
    undefined,
  );
});

t.test("nothing in a record leads a link elsewhere, ends it or calls a channel", async (t) => {
  const hostile = {
    ...STARTED,
    event: { ...STARTED.event, reference: "../x?|<!channel>" },
    user: { id: "<!channel>", effective: { id: "a|b" } },
    url: { domain: "app.example.com", path: "//evil.example/<|>" },
    guise: { impersonation: "a&b=c|<x>" },
  };
  const { run, page, ticket } = said(hostile).links;
  t.same(
    [run, page, ticket].map((link) => new URL(link).host),
    ["guise.example.com", "app.example.com", "helpdesk.example.com"],
  );
  t.equal(new URL(run).searchParams.get("impersonation"), "a&b=c|<x>");
  t.equal(new URL(ticket).pathname, "/tickets/..%2Fx%3F%7C%3C!channel%3E");
  const { text } = said(hostile, { format: "slack" });
  t.equal(text.match(/</g)?.length, 3, "three links, and nothing else that is markup");
  t.notMatch(text, "<!channel>");
});

t.test("by a template, whose values stay in their texts", async (t) => {
  const body = {
    title: "{action}: {agent} as {customer}",
    url: "{link.run}",
    n: 1,
    list: ["{ticket}", "{other}"],
  };
  t.strictSame(said({ ...STARTED, user: { id: '", "x": "{ticket}' } }, { body }), {
    title: 'impersonation.started: ", "x": "{ticket} as ',
    url: ALL.run,
    n: 1,
    list: ["T-9/1", "{other}"],
  });
});

t.test(
  "a place that is none, and a ticket's address without a ticket, are said with the config",
  async (t) => {
    const hook = (more: string) =>
      `${YAML}\naudit: { webhooks: [ { url: "https://a.example/", ${more} } ] }\n`;
    t.match(problemsOf(hook('body: { a: "{nobody}" }')).join(), /`\{nobody\}` is none of \{text\}/);
    t.match(problemsOf(hook('links: { ticket: "https://a.example/" }')).join(), /with \{ticket\} in it/);
  },
);
