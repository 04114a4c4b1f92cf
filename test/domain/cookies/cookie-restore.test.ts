import t from "tap";
import { emptyJar, receive } from "../../../src/domain/cookies/cookie-jar.ts";
import { begin, mirror } from "../../../src/domain/cookies/cookie-mirror.ts";
import { disown, restored } from "../../../src/domain/cookies/cookie-restore.ts";

const SCOPE = { host: "app.example.com", path: "/", secure: false, now: 0, reserved: [], crossSite: false };

/** A jar under which the app set these, as the browser then shows them. */
function jarWith(sent: string | null, ...lines: readonly string[]) {
  return mirror(receive(emptyJar(sent), lines, SCOPE), sent, { ...SCOPE, until: 1_000_000 }).jar;
}

t.test("what the app lent is gone, what it covered is back, and the rest is as it was", async (t) => {
  const jar = jarWith("csrf=agent; theme=dark", "csrf=nuno; Path=/", "only=nuno; Path=/");
  t.equal(restored(jar, "csrf=nuno; only=nuno; theme=dark", SCOPE), "csrf=agent; theme=dark");
});

t.test("without anything lent nothing changes", async (t) => {
  t.equal(restored(jarWith("a=1", "s=nuno; HttpOnly; Path=/"), "a=1; b=2", SCOPE), "a=1; b=2");
  t.equal(restored(emptyJar(null), null, SCOPE), null);
});

t.test("where only lent ones were, none are left", async (t) => {
  t.equal(restored(jarWith(null, "csrf=nuno; Path=/"), "csrf=nuno", SCOPE), null);
});

t.test("what was taken out of the browser for the while is there again for the next", async (t) => {
  const scope = { ...SCOPE, allSent: true, scripted: ["jwt"] };
  const { jar } = begin("jwt=agent; a=1", scope);
  t.equal(restored(jar, "a=1", SCOPE), "a=1; jwt=agent");
  t.equal(restored(jar, "a=1; jwt=nuno", SCOPE), "a=1; jwt=agent");
});

t.test(
  "where nothing is known of the jar, announced names are the customer's, and nothing else is touched",
  (t) => {
    const scope = {
      host: "app.example.com:8000",
      path: "/a",
      secure: true,
      now: 0,
      scripted: ["jwt", "cart_*"],
    };
    const sent = "sid=agent; jwt=1; cart_1=2; jwt=3; jwtx=4";
    t.same(disown(sent, scope), {
      lines: ["jwt=; Path=/; Max-Age=0", "cart_1=; Path=/; Max-Age=0"],
      sent: "sid=agent; jwtx=4",
    });
    t.same(disown("jwt=1", scope).sent, null);
    for (const nothing of [null, "sid=agent"]) t.same(disown(nothing, scope), { lines: [], sent: nothing });
    t.same(
      disown(sent, { ...scope, agents: ["jwt", "cart_1"] }).lines,
      [],
      "never what says who the agent is",
    );
    t.end();
  },
);
