import t from "tap";
import { type CookieScope, cookiesFor, emptyJar, receive } from "../../../src/domain/cookies/cookie-jar.ts";
import { mirror } from "../../../src/domain/cookies/cookie-mirror.ts";

const SCOPE: CookieScope = {
  host: "app.example.com",
  path: "/",
  secure: true,
  now: 1_700_000_000_000,
  room: 100,
};
const cookie = (name: string, bytes: number) => `${name}=${"x".repeat(bytes)}`;

/** What a browser has that does as the lines say. */
function browser(sent: string | null, lines: readonly string[]): string {
  const has = new Map((sent ?? "").split("; ").map((pair) => [pair.split("=", 1)[0] ?? "", pair]));
  for (const line of lines) {
    const [pair = ""] = line.split(";", 1);
    const name = pair.split("=", 1)[0] ?? "";
    if (line.includes("Max-Age=0")) has.delete(name);
    else has.set(name, pair);
  }
  return [...has.values()].filter((pair) => pair !== "").join("; ");
}

t.test("what the browser is shown leaves room beside its own, and the app gets all", async (t) => {
  const own = cookie("own", 30);
  const set = ["a", "b", "c"].map((name) => `${cookie(name, 20)}; Path=/`);
  const jar = receive(emptyJar(own), set, SCOPE);
  const shown = mirror(jar, own, SCOPE);
  const sent = browser(own, shown.lines);
  t.equal(sent, [own, cookie("a", 20), cookie("b", 20)].join("; "));
  t.ok(sent.length <= 100);
  t.match(cookiesFor(shown.jar, SCOPE), cookie("c", 20));
  t.strictSame(mirror(shown.jar, sent, SCOPE).lines, [], "and it stays so");
});

t.test("what is there stays before what is new, and makes room when it is gone", async (t) => {
  const first = mirror(receive(emptyJar(null), [`${cookie("z", 50)}; Path=/`], SCOPE), null, SCOPE);
  const sent = browser(null, first.lines);
  const second = mirror(receive(first.jar, [`${cookie("a", 60)}; Path=/`], SCOPE), sent, SCOPE);
  t.strictSame(second.lines, []);
  const third = mirror(receive(second.jar, ["z=; Path=/; Max-Age=0"], SCOPE), sent, SCOPE);
  t.equal(browser(sent, third.lines), cookie("a", 60));
});

t.test("one that grows beyond the room is taken out of the browser, not left there as it was", async (t) => {
  const first = mirror(receive(emptyJar(null), [`${cookie("a", 20)}; Path=/`], SCOPE), null, SCOPE);
  const sent = browser(null, first.lines);
  const second = mirror(receive(first.jar, [`${cookie("a", 200)}; Path=/`], SCOPE), sent, SCOPE);
  t.equal(browser(sent, second.lines), "");
  t.equal(cookiesFor(second.jar, SCOPE), cookie("a", 200));
});

t.test("however often an app sets however many, what the browser sends stays within the room", async (t) => {
  const own = cookie("own", 1_000);
  const scope = { ...SCOPE, room: 24_576 };
  let jar = emptyJar(own);
  let sent = own;
  for (let answer = 0; answer < 20; answer += 1) {
    const lines = Array.from(
      { length: 9 },
      (_, n) => `${cookie(`m${answer % 7}-${n}`, 3_000 + answer)}; Path=/`,
    );
    const shown = mirror(receive(jar, lines, scope), sent, scope);
    jar = shown.jar;
    sent = browser(sent, shown.lines);
    t.ok(sent.length <= scope.room, `${sent.length} bytes after answer ${answer}`);
    t.match(sent, own);
  }
  t.ok(sent.length > 15_000, "and makes use of it");
});
