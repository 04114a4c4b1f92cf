import t, { type Test } from "tap";
import {
  AS,
  CLICK,
  HOST,
  INSIDE,
  impersonate,
  request,
  send,
  stand,
  values,
  WRITE,
} from "../fixtures/gateway/attack-stand.ts";
import { fieldIn, valueIn } from "../fixtures/html.ts";

const FORM = "Content-Type: application/x-www-form-urlencoded";

/** A gateway that asks before it lets something be deleted, and what the page that asks is answered with. */
async function asking(t: Test) {
  const config = WRITE.replace(
    "rules:\n",
    'rules:\n  - { path: "/delete/:it", methods: [POST, PUT], confirm: "Delete this?" }\n',
  );
  const at = await stand(t, { config });
  const mine = [...AS.alice, await impersonate(t, at)];
  const here = `Origin: http://${HOST}`;
  const ask = async (line: string, body: string, fields: readonly string[] = [...mine, here]) => {
    const inside = INSIDE.filter((mark) => !fields.some((it) => it.split(":")[0] === mark.split(":")[0]));
    const head = [...inside, ...fields, FORM, `Content-Length: ${body.length}`];
    return await send(t, at.port, request(line, head, body));
  };
  const question = async () => {
    const asked = await ask("POST /delete/1", "a=b");
    const form = { _csrf: fieldIn(asked.body, "_csrf"), _confirmation: fieldIn(asked.body, "_confirmation") };
    return {
      asked,
      address: valueIn(asked.body, "form[method=post]", "action"),
      yes: new URLSearchParams(form).toString(),
    };
  };
  return { at, config, mine, ask, question };
}

t.test("POL-03: a yes is for one request, once", async (t) => {
  const { at, ask, question } = await asking(t);
  const heard = at.app.arrived.length;
  for (const path of ["/delete/2", "/payments"]) {
    const { asked, address, yes } = await question();
    t.equal(asked.status, 428);
    t.equal(
      (await ask(`POST ${address.replace("/delete/1", path)}`, yes)).status,
      403,
      `${path}: not for another address`,
    );
    t.equal((await ask(`POST ${address}`, yes)).status, 403, "and spent by the attempt");
  }
  const forged = await question();
  t.equal(
    (await ask(`POST ${forged.address}`, forged.yes.replace(/_confirmation=.{6}/, "_confirmation=AAAAAA")))
      .status,
    403,
  );
  t.equal(at.app.arrived.length, heard, "so far the app has heard nothing");
  const { address, yes } = await question();
  t.equal((await ask(`PUT ${address}`, `${yes}&a=other&_method=DELETE`)).status, 200);
  t.match(
    at.app.arrived.slice(heard),
    [{ line: "POST /delete/1 HTTP/1.1", body: "a=b" }],
    "just as it was asked about, whatever method and body the yes has",
  );
  t.equal((await ask(`POST ${address}`, yes)).status, 403, "once");
  t.equal(at.app.arrived.length, heard + 1);
});

t.test("POL-03: a yes is its agent's, for whom it was asked, and is judged anew", async (t) => {
  const { at, config, mine, ask, question } = await asking(t);
  const here = `Origin: http://${HOST}`;
  const { address, yes: asAlice } = await question();
  const bobs = [...AS.bob, await impersonate(t, at, "/site/1/x", AS.bob)];
  const heard = at.app.arrived.length;
  t.equal((await ask(`POST ${address}`, asAlice, [...bobs, here])).status, 403, "not another agent's");
  const second = await question();
  const switched = await send(t, at.port, request("GET /site/2/x", [...mine, ...CLICK]));
  const cookie = /^Set-Cookie: (guise=[\w-]{43});/im.exec(switched.head)?.[1] ?? "";
  const asMia = [...AS.alice, `Cookie: ${cookie}`];
  t.equal(
    (await ask(`POST ${second.address}`, second.yes, [...asMia, here])).status,
    403,
    "not for another person",
  );
  t.equal(at.app.arrived.filter(({ target }) => target.startsWith("/delete")).length, 0);
  t.ok(at.app.arrived.length >= heard);

  const changed = await asking(t);
  const last = await changed.question();
  await changed.at.reconfigure(config.replace(' confirm: "Delete this?"', ' deny: "Not any more."'));
  const denied = await changed.ask(`POST ${last.address}`, last.yes);
  t.equal(denied.status, 403);
  t.match(denied.body, /denied/, "what was forbidden meanwhile is forbidden");
  t.equal(changed.at.app.arrived.filter(({ target }) => target.startsWith("/delete")).length, 0);
});

t.test("DEC-04: no other site can say yes for the agent, nor frame the question", async (t) => {
  const { at, mine, ask, question } = await asking(t);
  const heard = at.app.begun.length;
  for (const from of [
    ["Origin: https://evil.test"],
    [`Origin: http://sub.${HOST}`],
    ["Origin: null", "Sec-Fetch-Site: cross-site"],
  ]) {
    const { address, yes, asked } = await question();
    t.match(values(asked.head, "Content-Security-Policy").join(), /frame-ancestors 'none'/);
    const fields = [...mine, ...from];
    t.equal((await ask(`POST ${address}`, yes, fields)).status, 403, from.join());
    const bare = await ask(`POST ${address}`, yes.replace(/_csrf=[^&]+&?/, ""));
    t.equal(bare.status, 403, "nor without the hidden field");
  }
  t.equal(at.app.begun.length, heard);
});
