import fc from "fast-check";
import t from "tap";
import { authorizationOf, credentialsIn, type Haystack } from "../../../src/domain/page/page-credentials.ts";

const JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxNyJ9.q83vEjRWeJCrze8SNFZ4kA";
const BASE64 = "q83vEjRWeJCrze8S+FZ4/A";

const bytes = (text: string) => Buffer.from(text, "latin1");
const all = (text: string, kind: Haystack) => credentialsIn(bytes(text), kind, true).found;

/** The same text in pieces. */
function inPieces(text: string, cuts: readonly number[], kind: Haystack): Set<string> {
  const found = new Set<string>();
  let rest = "";
  let from = 0;
  for (const to of [...cuts].sort((a, b) => a - b)) {
    const piece = credentialsIn(bytes(rest + text.slice(from, to)), kind, false);
    for (const it of piece.found) found.add(it);
    rest = piece.rest.toString("latin1");
    from = to;
  }
  for (const it of credentialsIn(bytes(rest + text.slice(from)), kind, true).found) found.add(it);
  return found;
}

const TEXTS: readonly (readonly [Haystack, string, string])[] = [
  ["data", `{"token":"tok-of-nuno"}`, "tok-of-nuno"],
  ["data", `{ "data" : { "access_token" : "${JWT}" , "expires" : 3600 } }`, JWT],
  ["data", `"${JWT}"`, JWT],
  ["data", JWT, JWT],
  ["data", `${JWT}\n`, JWT],
  ["data", `Bearer ${JWT}`, JWT],
  ["data", `{"authorization":"Bearer ${JWT}"}`, JWT],
  ["data", `{"token":"${BASE64}=="}`, `${BASE64}==`],
  ["data", `{"token":"${BASE64}=="}`, BASE64],
  ["data", `{"token":"${BASE64.replace("/", "\\/")}"}`, BASE64],
  ["data", `{"token":"${BASE64.replace("+", "\\u002B")}"}`, BASE64],
  ["data", `{"token":"17|${"abcDEF123".repeat(4)}"}`, `17|${"abcDEF123".repeat(4)}`],
  ["data", `token=${JWT}; Path=/`, JWT],
  ["data", `https://app.example.com/#access_token=${JWT}&expires_in=3600`, JWT],
  ["markup", `<script>window.state={"token":"${JWT}"}</script>`, JWT],
  ["markup", `<script>window.state="{\\"token\\":\\"${JWT}\\"}"</script>`, JWT],
  ["markup", `<div data-state="{&quot;token&quot;:&quot;${JWT}&quot;}">`, JWT],
  ["markup", `<meta name="api-token" content="tok-of-nuno">`, "tok-of-nuno"],
  ["markup", `<input type=hidden name=token value=${JWT}>`, JWT],
  ["markup", `localStorage.setItem('token', 'tok-of-nuno')`, "tok-of-nuno"],
  ["markup", `<meta name=token content="${BASE64.replace("+", "&#x2B;").replace("/", "&#x2F;")}">`, BASE64],
];

t.test("a credential is found where apps put one", async (t) => {
  for (const [kind, text, token] of TEXTS) t.ok(all(text, kind).includes(token), text);
});

t.test("and in whatever pieces the text comes", async (t) => {
  const cuts = (length: number) => fc.array(fc.nat(length), { maxLength: 6 });
  for (const [kind, text, token] of TEXTS) {
    const long = `${"<p>words of all kinds; </p>".repeat(20)}${text}`;
    const one = kind === "data" ? text : long;
    fc.assert(fc.property(cuts(one.length), (at) => inPieces(one, at, kind).has(token)));
    t.pass(text);
  }
});

t.test("what is part of something longer is none, and neither are words", async (t) => {
  const part = JWT.slice(2, -2);
  t.notOk(all(`{"token":"${JWT}"}`, "data").includes(part));
  for (let at = 1; at < JWT.length; at += 7)
    t.notOk(inPieces(`{"token":"${JWT}"}`, [10 + at], "data").has(part), `cut at ${at}`);
  t.same(all(`{"name":"short"}`, "data"), []);
  t.same(all(`<a href="/overview" class="navigation-bar">Organisations</a>`, "markup"), []);
  t.same(all("a".repeat(9_000), "data"), []);
});

t.test("a text without an end to it costs no more than its length", async (t) => {
  let rest: Buffer = Buffer.alloc(0);
  for (let piece = 0; piece < 200; piece += 1) {
    ({ rest } = credentialsIn(Buffer.concat([rest, bytes("a".repeat(65_536))]), "data", false));
    t.ok(rest.length <= 20_000);
  }
});

t.test("what browsers send by themselves is told from what a script has set", async (t) => {
  for (const scheme of ["Basic", "basic", "Digest", "Negotiate", "NTLM", " ntlm"])
    t.same(authorizationOf(`${scheme} dXNlcjpwYXNz`), { kind: "browser" }, scheme);
  for (const value of ["", "Bearer", "Bearer a b c", 'Digest username="a", realm="b"'])
    t.equal(authorizationOf(value).kind, value === "Bearer" ? "script" : "browser", value);
  for (const value of [`Bearer ${JWT}`, `bearer  ${JWT} `, `Token ${JWT}`, JWT])
    t.same(authorizationOf(value), { kind: "script", credential: JWT }, value);
});

/** The same as one pattern. It misses what follows a scheme that it took for a value, or for the end of one. */
const PATTERN =
  /((?:^|["'`=>;#(])(?:[Bb]earer )?|[Bb]earer )([A-Za-z0-9._~+/|-]+)(={0,2})(?=$|["'`&<>;,\\\s)])/g;

t.test("it finds what the pattern finds that says what a value is", async (t) => {
  const pieces = [
    "abcdefgh",
    "abcdefg1",
    "Bearer ",
    "bearer ",
    "=",
    "==",
    '"',
    "'",
    ">",
    "<",
    " ",
    "&",
    ";",
    "(",
    ")",
    "\u00a0",
    "\u0085",
    ".",
    "x",
    "|",
  ];
  const text = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((it) => it.join(""));
  let found = 0;
  fc.assert(
    fc.property(text, (it) => {
      const expected = [...it.matchAll(PATTERN)].flatMap(([, , value = "", padding = ""]) =>
        value.length < 8 ? [] : padding === "" ? [value] : [value, value + padding],
      );
      found += expected.length;
      const got = all(it, "data");
      const missed = expected.filter((value) => !got.includes(value));
      const more = got.filter((value) => !expected.includes(value) && !it.includes(`earer ${value}`));
      if (missed.length + more.length > 0) throw new Error(`${JSON.stringify(it)}: ${got} for ${expected}`);
    }),
    { numRuns: 5_000 },
  );
  t.ok(found > 100, `${found} values`);
});
