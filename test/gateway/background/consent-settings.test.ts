import t from "tap";
import { noteConsentSettings } from "../../../src/gateway/background/consent-settings.ts";
import { aConsent, HOUR } from "../../fixtures/gateway/consent.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const MAIL =
  "\npublicUrl: http://app.example.com\nmail: { smtp: { url: { fromEnv: SMTP_URL } }, from: support@example.com }\n";
const asking = (consent: string) => YAML.replace("mode: read", `mode: read\n    consent: ${consent}`) + MAIL;

/** Nuno has said yes, and Mia was asked and has not answered. */
async function answered(it: TestServices): Promise<void> {
  const now = it.clock.now();
  const yes = { state: "granted", answeredAt: now, answeredBy: "17", until: now + HOUR } as const;
  await it.services.consents.grantAtOnce(aConsent({ ...yes, askedAt: now, answerBy: now + HOUR }));
  const mia = { id: "23", name: "Mia", email: "mia@example.com", groups: null };
  const [grant] = it.snapshot().policy.grants;
  if (grant === undefined) throw new Error("no grant");
  await it.services.consents.ask(
    aConsent({ id: "c2", customer: mia, askedAt: now, answerBy: now + HOUR }),
    grant.consent,
  );
}

t.test("a change of what customers are asked is on record, and told to those whose yes counts", async (t) => {
  const it = await testServices(t, asking("window"));
  await noteConsentSettings(it.services);
  await answered(it);
  await noteConsentSettings(it.services);
  t.same(it.actions(), [], "nothing has changed, and the first settings are no change");
  it.configure(asking("notice"));
  await noteConsentSettings(it.services);
  await it.services.notices.deliver();
  t.same(it.actions(), ["consent.changed", "access.noticed"]);
  t.match(it.mails, [{ to: "nuno@example.com", subject: "How your account may be looked at has changed" }]);
  t.equal(it.mails.length, 1);
  await noteConsentSettings(it.services);
  t.equal(it.actions().length, 2, "once, whichever gateway takes the config in next");
});

t.test("an edit of anything else is none", async (t) => {
  const it = await testServices(t, asking("window"));
  await noteConsentSettings(it.services);
  await answered(it);
  it.configure(`${asking("window")}limits: { perMinute: 7 }\n`);
  await noteConsentSettings(it.services);
  t.same(it.actions(), []);
});

t.test("while the store is down nobody is told, and nothing breaks", async (t) => {
  const it = await testServices(t, asking("window"));
  await noteConsentSettings(it.services);
  it.configure(asking("ask"));
  it.breakDown(["store"]);
  await noteConsentSettings(it.services);
  t.same(it.actions(), []);
  it.breakDown([]);
  await noteConsentSettings(it.services);
  t.same(it.actions(), ["consent.changed"], "the next look does it");
});
