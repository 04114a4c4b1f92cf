import t from "tap";
import { mailer } from "../../src/clients/mail.ts";
import { mailServer } from "../fixtures/servers/mail-server.ts";

const MAIL = {
  from: "Support <support@example.com>",
  replyTo: "help@example.com",
  to: "nuno@example.com",
  subject: "Alice asks to look at your account",
  text: "Answer: http://app.example.com/.guise/access\n",
  html: "<p>Answer</p>",
  id: "n1",
};

t.test("a server gets it in plain text and in HTML", async (t) => {
  const server = await mailServer();
  t.teardown(() => server.close());
  await mailer(server.url, MAIL);
  const [got] = await server.count(1);
  t.match(got, { from: "support@example.com", to: ["nuno@example.com"] });
  for (const line of [
    "Subject: Alice asks to look at your account",
    "Reply-To: help@example.com",
    "Message-ID: <n1@example.com>",
    "Auto-Submitted: auto-generated",
    "Content-Type: text/plain",
    "Content-Type: text/html",
  ])
    t.match(got?.text, line);
});

t.test("nothing that somebody wrote makes a line of the head, or one more receiver", async (t) => {
  const server = await mailServer();
  t.teardown(() => server.close());
  await mailer(server.url, { ...MAIL, subject: "Hi\r\nBcc: eve@example.com\r\n\r\nbody" });
  const [got] = await server.count(1);
  t.same(got?.to, ["nuno@example.com"]);
  t.notMatch(got?.text, /^Bcc:/m);
});

t.test("a server that isn't there is told as that", async (t) => {
  const server = await mailServer();
  await server.close();
  await t.rejects(mailer(server.url, MAIL));
});
