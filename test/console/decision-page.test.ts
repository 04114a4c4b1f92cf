import { parse } from "parse5";
import t from "tap";
import { pages } from "../../src/console/decision-page.ts";
import { type Decision, REASONS } from "../../src/domain/decision.ts";
import { LANGUAGES } from "../../src/domain/language.ts";
import { FAULTS, Fault, type FaultCode } from "../../src/errors.ts";
import type { DecisionView } from "../../src/gateway/services/services.ts";
import { snapshotOf, YAML } from "../fixtures/gateway/test-services.ts";

const ALICE = { id: "alice", name: "Alice", email: null, groups: ["support"] };
const NUNO = { id: "17/x", name: "Nuno <i>", email: null, groups: ["customer"] };
const [GRANT] = snapshotOf(YAML).policy.grants;
const CONFIRM = { name: "CONFIRM", yesTo: "/site/1?a=b&_guise_confirm=MARK", within: 120_000 };
const RULE = { name: "rules[0]", effect: "confirm", sentence: "Sure?" } as const;

function view(decision: Decision, more: Partial<DecisionView> = {}): DecisionView {
  return {
    language: "en",
    decision,
    sentence: REASONS[decision.reason],
    requestId: "req-1",
    prefix: "/_g",
    to: "/site/1?a=b",
    returnTo: "/queue",
    back: "/back",
    method: "GET",
    trueUser: ALICE,
    other: NUNO,
    impersonating: true,
    token: "TOKEN",
    ticket: null,
    consent: null,
    confirmation: null,
    ...more,
  };
}

function decided(body: object): Decision {
  return { checks: [], ...body } as unknown as Decision;
}

const DECISIONS: Readonly<Record<string, Decision>> = {
  asked: decided({ kind: "page", page: "ask-start", reason: "ask-start", grant: GRANT, close: null }),
  confirm: decided({
    kind: "page",
    page: "confirm",
    reason: "confirm-required",
    rule: RULE,
    sentence: "Sure?",
  }),
  readOnly: decided({ kind: "refuse", status: 403, reason: "read-only", rule: null, sentence: "" }),
  denied: decided({ kind: "refuse", status: 403, reason: "denied", rule: null, sentence: "Never." }),
  otherTab: decided({ kind: "refuse", status: 409, reason: "other-tab", rule: null, sentence: "" }),
  unavailable: decided({
    kind: "refuse",
    status: 503,
    reason: "store-unavailable",
    rule: null,
    sentence: "",
  }),
  ended: decided({ kind: "ended", status: 409, reason: "ended-idle" }),
  signedOut: decided({ kind: "ended", status: 401, reason: "signed-out" }),
  stopped: decided({ kind: "stop", reason: "ended-by-logout", rule: null }),
};

function page(name: string, more: Partial<DecisionView> = {}): string {
  const decision = DECISIONS[name];
  if (decision === undefined) throw new Error(`no decision ${name}`);
  return pages.decision(view(decision, more));
}

t.test("every page is well-formed and names the reason word", async (t) => {
  for (const [name, decision] of Object.entries(DECISIONS)) {
    const text = page(name, { confirmation: CONFIRM });
    const errors: string[] = [];
    parse(text, { onParseError: (error) => void errors.push(error.code) });
    t.same(errors, [], name);
    t.match(text, decision.reason, name);
    t.notMatch(text, "<i>", `${name}: names are text`);
    t.notMatch(text, /<script|style=/, name);
  }
});

t.test("the browser's language decides what a page is written in, and which side it begins on", async (t) => {
  for (const language of LANGUAGES) {
    for (const name of Object.keys(DECISIONS)) {
      for (const underway of [false, true]) {
        const text = page(name, { language, underway, confirmation: CONFIRM, mayElevate: true });
        t.match(text, `<html lang="${language}" dir="${language === "ar" ? "rtl" : "ltr"}">`);
        t.notMatch(text, /\{\w+\}/, `${language} ${name}: nothing is left open`);
        if (language !== "en")
          t.notMatch(text, /\b(?:You|the app|Stop|Back|Yes|Request)\b/, `${language} ${name}: no English`);
      }
    }
    const fault = { fault: new Fault("not-found", "x"), requestId: "r", prefix: "/.guise", language };
    t.match(pages.fault(fault), `<html lang="${language}"`);
    t.match(pages.endedHost({ app: null, requestId: "r", language }), `<html lang="${language}"`);
  }
  t.match(page("readOnly", { language: "de" }), "Es wurde nichts geändert.");
  t.match(page("denied", { language: "de", sentence: "Payments are theirs." }), "Payments are theirs.");
});

t.test("a question about a start has the form for it", async (t) => {
  const text = page("asked");
  t.match(text, 'action="/_g/start"');
  t.match(text, 'name="user" value="17/x"');
  t.match(text, 'name="to" value="/site/1?a=b"');
  t.match(text, 'name="_csrf" value="TOKEN"');
  t.throws(() => page("asked", { other: null }), TypeError);
});

t.test(
  "a question about a request says what, where and on whose account, and the yes goes to the very address",
  async (t) => {
    const text = page("confirm", { confirmation: CONFIRM, method: "POST", sentence: "Delete it?" });
    t.match(text, "Delete it?");
    t.match(text, "POST <bdi>/site/1?a=b</bdi>");
    t.match(text, "Nuno &lt;i&gt;");
    t.match(text, 'action="/site/1?a=b&amp;_guise_confirm=MARK"');
    t.match(text, 'name="_confirmation" value="CONFIRM"');
    t.match(text, 'href="/back"');
    const workers = page("confirm", { confirmation: CONFIRM, token: null });
    t.match(workers, 'href="/_g/confirm?question=CONFIRM"');
    t.notMatch(workers, /_csrf|_confirmation/, "what a service worker may read holds no token");
  },
);

t.test("a refusal says that nothing was changed, and offers Stop during an impersonation", async (t) => {
  for (const name of ["readOnly", "denied", "otherTab", "unavailable"]) {
    t.match(page(name), /Nothing was changed/, name);
    t.match(page(name), 'action="/_g/stop"', name);
    t.notMatch(page(name, { impersonating: false }), 'action="/_g/stop"', name);
    t.match(page(name), "req-1");
  }
  t.match(page("denied", { sentence: "Payments are theirs." }), "Payments are theirs.");
});

t.test("an end says who it was, how to go on, and how to begin again", async (t) => {
  const text = page("ended");
  t.match(text, "You are no longer viewing as <bdi>Nuno &lt;i&gt;</bdi>");
  t.match(text, REASONS["ended-idle"].slice(0, 20));
  t.match(text, 'href="/_g/as/17%2Fx?to=%2Fsite%2F1%3Fa%3Db"');
  t.match(text, "Go on as yourself");
  t.match(text, "Your request was not passed on");
  t.notMatch(page("ended", { other: null }), "/_g/as/");
});

t.test("who is signed out can't begin again, only stop", async (t) => {
  const text = page("signedOut");
  t.match(text, "You are not signed in");
  t.notMatch(text, "/_g/as/");
  t.match(text, 'action="/_g/stop"');
});

t.test("a request that is forwarded has no page", async (t) => {
  const passing = decided({ kind: "forward", as: "self", close: null, reason: "no-owner" });
  t.throws(() => pages.decision(view(passing)), TypeError);
});

t.test(
  "who could do something about a fault is told what, and nobody is sent to try again in vain",
  async (t) => {
    const told = (code: FaultCode) =>
      pages.fault({ fault: new Fault(code, "x"), requestId: "r", prefix: "/.guise", language: "en" });
    t.match(told("no-elevation"), "Only looking is allowed while you view the app as this person.");
    for (const code of Object.keys(FAULTS) as FaultCode[])
      t.notMatch(told(code), /`|<code>(?!r<|[a-z-]+<\/code><\/p>)/, `${code}: no word of the config`);
    t.match(told("page-unmarkable"), "The banner could not be put into it");
    for (const code of ["no-elevation", "page-unmarkable", "not-found"] as const)
      t.notMatch(told(code), "Try again");
    t.match(told("upstream-timeout"), "Try again in a moment");
  },
);

t.test("a fault is told with its id, and without its detail", async (t) => {
  const text = pages.fault({
    fault: new Fault("upstream-timeout", "10.0.0.7"),
    requestId: "req-1",
    prefix: "/_g",
    language: "en",
  });
  t.match(text, "upstream-timeout");
  t.match(text, "The app took too long to answer");
  t.match(text, "req-1");
  t.notMatch(text, "10.0.0.7");
  const errors: string[] = [];
  parse(text, { onParseError: (error) => void errors.push(error.code) });
  t.same(errors, []);
});
