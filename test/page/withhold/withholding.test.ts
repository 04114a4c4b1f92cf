import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import t from "tap";
import { SECRET_PRESETS, type SecretPreset } from "../../../src/domain/page/secret-presets.ts";
import { readSelector } from "../../../src/page/withhold/selector.ts";
import {
  bodyKindOf,
  presetPatterns,
  readPattern,
  type Withholding,
  withholder,
} from "../../../src/page/withhold/withholding.ts";

type BodyKind = NonNullable<ReturnType<typeof bodyKindOf>>;

const ALL = Object.keys(SECRET_PRESETS) as SecretPreset[];

interface Written {
  readonly keys?: readonly string[];
  readonly pointers?: readonly (readonly string[])[];
  readonly selectors?: readonly string[];
  readonly patterns?: readonly string[];
  readonly presets?: readonly SecretPreset[];
}

function withholding({
  keys = [],
  pointers = [],
  selectors = [],
  patterns = [],
  presets = [],
}: Written): Withholding {
  const read = patterns.map(readPattern).map((it) => {
    if (typeof it === "string") throw new Error(it);
    return it;
  });
  return {
    json: { names: new Set(keys.map((it) => it.toLowerCase())), pointers },
    elements: selectors.map(readSelector).filter((it) => it !== null),
    patterns: [...presetPatterns(presets), ...read],
  };
}

/** A body in pieces, through. */
async function through(it: Withholding, kind: BodyKind, pieces: readonly Buffer[]) {
  let count = 0;
  const write = withholder(it, kind, () => {
    count += 1;
  });
  const body = await buffer(Readable.from(pieces.filter((piece) => piece.length > 0)).pipe(write));
  return { body, text: body.toString(), count };
}

const whole = async (it: Written, kind: BodyKind, text: string) =>
  (await through(withholding(it), kind, [Buffer.from(text)])).text;

/** Every place at which one border can be, and one byte at a time. */
function* piecesOf(bytes: Buffer): Generator<Buffer[]> {
  for (let at = 0; at <= bytes.length; at += 1) yield [bytes.subarray(0, at), bytes.subarray(at)];
  yield [...bytes].map((byte) => Buffer.from([byte]));
}

t.test("members of JSON are withheld by name and by pointer, whatever their values are", async (t) => {
  const it = {
    keys: ["apiKey"],
    pointers: [
      ["data", "*", "token"],
      ["list", "1"],
    ],
  };
  const text = `{"apiKey":"a\\"b","x":{"APIKEY":[1,{"y":"}"}],"n":null},"data":[{"token":12.5e3 ,"t":"keep"},{"token":{"a":[]}}],
 "list":[1,2,3],"api\\u004bey":true,"apiKeys":"keep","é":"ü"}`;
  t.equal(
    await whole(it, "json", text),
    `{"apiKey":"(withheld)","x":{"APIKEY":null,"n":null},"data":[{"token":null ,"t":"keep"},{"token":null}],
 "list":[1,null,3],"api\\u004bey":null,"apiKeys":"keep","é":"ü"}`,
  );
  t.equal(await whole(it, "json", ')]}\',\n{"apiKey":"x"}'), ')]}\',\n{"apiKey":"(withheld)"}');
  t.equal(
    await whole(it, "json", '{"apiKey":"cut'),
    '{"apiKey":"(withheld)"',
    "what is cut off shows nothing",
  );
  t.equal(await whole(it, "json", "no JSON at all"), "no JSON at all");
});

t.test(
  "elements of HTML lose their text and the attributes that hold a value, and nothing else changes",
  async (t) => {
    const it = { selectors: ["input[name=api_key]", ".secret", "#feed", "textarea[name='k']", "td.key"] };
    const text = `<!doctype html><title>a < b</title><input type=text name="api_key" value="s3cret"><input name=q value=keep>
<p class="a secret" title='s3cret'>s3cret <b>s3cret</b><br>x</p><p>keep</p><a id=feed href="/feed?key=s3cret">s3cret</a>
<textarea name=k>s3cret <b></textarea><script>var x = "<p class=secret>keep</p>";</script><!-- <i class=secret>keep -->
<table><tr><td class=key>s3cret<td>keep</table><i class=secret>s3cret</i>keep<i class=secret> </i>`;
    t.equal(
      await whole(it, "html", text),
      `<!doctype html><title>a < b</title><input type=text name="api_key" value="(withheld)"><input name=q value=keep>
<p class="a secret" title='(withheld)'>(withheld)</p><p>keep</p><a id=feed href="(withheld)">(withheld)</a>
<textarea name=k>(withheld)</textarea><script>var x = "<p class=secret>keep</p>";</script><!-- <i class=secret>keep -->
<table><tr><td class=key>(withheld)<td>keep</table><i class=secret>(withheld)</i>keep<i class=secret></i>`,
    );
  },
);

t.test("only selectors that one tag can be asked for are read", (t) => {
  for (const good of ["input", "#a", ".a.b", "*[data-key]", "input[type=text][name^='api']", "[a~=b]"])
    t.ok(readSelector(good), good);
  for (const bad of ["", "a b", "a > b", "a:hover", "[a", ".", "a,b"]) t.equal(readSelector(bad), null, bad);
  t.end();
});

const SAMPLES: Readonly<Record<SecretPreset, readonly string[]>> = {
  "api-keys": [
    `AKIA${"ABCDEFGH23456789"}`,
    `ghp_${"aB3".repeat(12)}`,
    `github_pat_${"aB3_".repeat(8)}`,
    `glpat-${"aB3-".repeat(5)}`,
    `xoxb-${"12ab-".repeat(4)}`,
    `sk_live_${"aB3d".repeat(6)}`,
    `AIza${"aB3_-".repeat(7)}`,
    `npm_${"aB3".repeat(12)}`,
    `SG.${"aB3d".repeat(5)}.${"aB3d".repeat(8)}`,
    `-----BEGIN RSA PRIVATE KEY-----\nMIIE${"aB3+/\n".repeat(200)}==\n-----END RSA PRIVATE KEY-----`,
  ],
  "signed-addresses": [
    `X-Amz-Signature=${"0a1b".repeat(16)}`,
    `&sig=${"aB3%2F".repeat(8)}`,
    `?Signature=${"aB3~-".repeat(8)}`,
  ],
  jwt: [`eyJ${"aB3_".repeat(6)}.eyJ${"aB3_".repeat(60)}.${"aB3-".repeat(10)}`],
};

t.test("values of every preset are found, wherever the one border between two pieces is", async (t) => {
  for (const [preset, samples] of Object.entries(SAMPLES))
    for (const sample of samples) {
      const it = withholding({ presets: [preset as SecretPreset] });
      const bytes = Buffer.from(`<p>before "${sample.slice(0, 200)}${sample.slice(200)}" after</p>`);
      const expected = '<p>before "(withheld)" after</p>';
      const wrong: string[] = [];
      for (const pieces of piecesOf(bytes)) {
        const { text } = await through(it, "text", pieces);
        if (text !== expected) wrong.push(text);
      }
      t.same(wrong, [], sample.slice(0, 20));
    }
});

t.test("a value that a pattern of the config describes is found over white space too", async (t) => {
  const it = withholding({ patterns: ["secret: [a-z ]{3,20}!"] });
  const wrong: string[] = [];
  for (const pieces of piecesOf(Buffer.from("x secret: a b c! y")))
    wrong.push((await through(it, "text", pieces)).text);
  t.same([...new Set(wrong)], ["x (withheld) y"]);
  t.match(readPattern("a*"), /found in every text/);
  t.match(readPattern("("), /is no expression/);
});

const EVERYTHING: Written = {
  keys: ["secret"],
  pointers: [["a", "*", "b"]],
  selectors: [".secret", "[data-secret]", "input[name=secret]"],
  presets: ALL,
};

const harmless = fc.string({ unit: fc.constantFrom(..."abc 12<>\"'&;=/é\n{}[],:-_"), maxLength: 60 });
const borders = fc.array(fc.nat(), { maxLength: 12 });

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((it) => it % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length));
}

const secret = fc.constantFrom(
  ...Object.values(SAMPLES)
    .flat()
    .filter((it) => !it.includes("\n")),
);
const made = fc.oneof(
  fc.tuple(harmless, secret, harmless).map(([a, it, b]) => ({
    kind: "text" as const,
    body: `${a} ${it} ${b}`,
    secret: it,
  })),
  fc.tuple(harmless, secret, harmless).map(([a, it, b]) => ({
    kind: "json" as const,
    body: JSON.stringify({ note: a, secret: `s3cret ${it}`, a: [{ b: it }], more: [b, it] }),
    secret: it,
  })),
  fc.tuple(harmless, secret, harmless).map(([a, it, b]) => ({
    kind: "html" as const,
    body: `<p>${a.replaceAll(/[<>]/g, "")}</p><i class=secret>${it}</i><input name=secret value="${it}"><b>${b.replaceAll(/[<>]/g, "")} ${it} </b>`,
    secret: it,
  })),
);

t.test("of 10,000 answers in pieces none shows a value that is withheld", async (t) => {
  const it = withholding(EVERYTHING);
  let answers = 0;
  let shown = 0;
  await fc.assert(
    fc.asyncProperty(made, borders, async ({ kind, body, secret: value }, at) => {
      const { text, count } = await through(it, kind, cut(Buffer.from(body), at));
      answers += 1;
      if (text.includes(value)) shown += 1;
      return count > 0 && !text.includes(value);
    }),
    { numRuns: 10_000 },
  );
  t.equal(answers, 10_000);
  t.equal(shown, 0);
});

t.test("bytes in which nothing is withheld stay as they are, and borders change nothing", async (t) => {
  const it = withholding({ ...EVERYTHING, selectors: [".never"], keys: ["never"], pointers: [] });
  const kinds = fc.constantFrom<BodyKind>("text", "json", "html", "lines");
  const bytes = fc.oneof(
    harmless.map((text) => Buffer.from(text)),
    fc.uint8Array({ minLength: 0, maxLength: 80 }).map((all) => Buffer.from([0x20, 0x20, ...all])),
    fc.json().map((text) => Buffer.from(text)),
  );
  let untouched = 0;
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(kinds, bytes, borders, async (kind, body, at) => {
      untouched += 1;
      const { body: out, count } = await through(it, kind, cut(body, at));
      return count === 0 && out.equals(body);
    }),
    { numRuns: 5_000 },
  );
  const everything = withholding(EVERYTHING);
  await fc.assert(
    fc.asyncProperty(made, borders, async ({ kind, body }, at) => {
      compared += 1;
      const one = await through(everything, kind, [Buffer.from(body)]);
      const many = await through(everything, kind, cut(Buffer.from(body), at));
      return many.body.equals(one.body) && one.count === many.count;
    }),
    { numRuns: 1_000 },
  );
  t.same([untouched, compared], [5_000, 1_000], "all of them were looked at");
});

t.test("an event goes on as soon as its line is whole", async (t) => {
  const write = withholder(withholding({ presets: ["api-keys"] }), "lines", () => undefined);
  const out: string[] = [];
  write.on("data", (chunk: Buffer) => out.push(chunk.toString()));
  await new Promise((resolve) => write.write(Buffer.from("data: one\n\ndata: gh"), resolve));
  t.equal(out.join(""), "data: one\n\n");
  await new Promise((resolve) => write.write(Buffer.from(`p_${"a".repeat(36)}\n\n`), resolve));
  t.equal(out.join(""), "data: one\n\ndata: (withheld)\n\n");
  write.destroy();
});

t.test("types say how a body is read", (t) => {
  const kinds = [
    "text/html; charset=x",
    "application/ld+json",
    "text/event-stream",
    "text/javascript",
    "image/png",
  ];
  t.same(kinds.map(bodyKindOf), ["html", "json", "lines", "text", null]);
  t.end();
});
