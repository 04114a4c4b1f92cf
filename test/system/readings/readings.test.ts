// Needs: PHP, Django, Rack, Express, Spring, Mono
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import t from "tap";
import { compileConditions, Said } from "../../../src/domain/routing/conditions/condition.ts";
import { bodyText } from "../../../src/gateway/stages/rule-request.ts";
import { appServer } from "../../fixtures/real-apps/app-server.ts";
import { freePort } from "../../fixtures/servers/port.ts";
import { testFolder } from "../../fixtures/test-folder.ts";

const RUNS = Number(process.env.GUISE_READINGS ?? 400);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const jars = [
  ...["aop", "beans", "context", "core", "expression", "web", "web.servlet"].map((it) => `spring3-${it}`),
  ...["server", "servlet", "http", "io", "util", "security"].map((it) => `jetty9-${it}`),
  ...["annotations", "core", "databind"].map((it) => `jackson-${it}`),
  ...["servlet-api", "commons-logging"],
].map((name) => `/usr/share/java/${name}.jar`);
const aspNet = join(testFolder(t), "aspnet.exe");

const commands = {
  PHP: (port: number) => ["php", "-S", `127.0.0.1:${port}`, here("php.php")],
  Rack: (port: number) => ["ruby", here("rack.rb"), String(port)],
  Express: (port: number) => [process.execPath, here("express.cjs"), String(port)],
  Django: (port: number) => ["/usr/bin/python3", here("django.py"), String(port)],
  Spring: (port: number) => ["java", "-cp", jars.join(":"), here("Spring.java"), String(port)],
  "ASP.NET": (port: number) => ["mono", aspNet, String(port)],
} as const;
type Framework = keyof typeof commands;
const ports = new Map<Framework, number>();
const agent = new Agent({ keepAlive: false });

t.before(async () => {
  execFileSync("mcs", [`-out:${aspNet}`, "-r:System.Web,System.Web.Extensions", here("AspNet.cs")]);
  for (const name of Object.keys(commands) as Framework[]) {
    const port = await freePort();
    const [program = "", ...args] = commands[name](port);
    const server = await appServer(program, args, {
      ready: /^ready$|Development Server .* started/m,
      // Where Debian has what its Express requires.
      env: { NODE_PATH: "/usr/share/nodejs" },
    });
    t.teardown(() => server.stop());
    ports.set(name, port);
  }
});

interface Sent {
  readonly query: string;
  readonly type: string | null;
  readonly body: string;
}

/** What a framework says under `do`; null where it refuses the request. */
async function saidBy(name: Framework, { query, type, body }: Sent): Promise<readonly string[] | null> {
  const headers = { ...(type === null ? {} : { "content-type": type }), "content-length": body.length };
  const asking = request({
    agent,
    host: "127.0.0.1",
    port: ports.get(name),
    method: "POST",
    path: `/?${query}`,
    headers,
  });
  const [answer] = (await once(asking.end(body, "latin1"), "response")) as [IncomingMessage];
  if (answer.statusCode === 200) return (await json(answer)) as readonly string[];
  answer.resume();
  return null;
}

const conditions = (source: "query" | "form" | "json", value: string) =>
  compileConditions({
    query: [],
    header: [],
    form: [],
    json: [],
    graphql: null,
    [source]: [{ name: "do", test: { kind: "is", values: [value] } }],
  });
const TAKES = conditions("form", "delete");
const TAKES_WITHIN = compileConditions({
  query: [],
  header: [],
  form: [{ name: "do", test: { kind: "contains", texts: ["delete"] } }],
  json: [],
  graphql: null,
});
const GIVES = (["query", "form", "json"] as const).map(
  (source) => [source, conditions(source, "view")] as const,
);

function said({ query, type, body }: Sent): Said {
  const headers = type === null ? [] : ["content-type", type];
  const bytes = Buffer.from(body, "latin1");
  return new Said({
    query: query === "" ? null : query,
    headers,
    body: bytes.length === 0 ? null : bodyText(bytes, true, headers),
  });
}

/** A third of all is as apps write it, so that plain requests are among those that are sent. */
const mostly = (plain: readonly string[], odd: fc.Arbitrary<string>) =>
  fc.oneof({ arbitrary: fc.constantFrom(...plain), weight: 1 }, { arbitrary: odd, weight: 2 });

const oddNames = fc.constantFrom(
  ...[
    "do",
    "do[]",
    "do[0]",
    "do%5B%5D",
    "d%6f",
    "DO",
    "do%00",
    "+do",
    "do+",
    "d.o",
    "do[a]",
    "x[do]",
    "a",
    "_charset_",
  ],
);
const names = mostly(["do", "id"], oddNames);
const oddValues = fc.constantFrom(
  ...[
    "view",
    "delete",
    "DELETE",
    "d%65lete",
    "+delete",
    "delete%00",
    "%2564elete",
    "del%ffete",
    "",
    "utf-7",
    "view,delete",
  ],
);
const values = mostly(["view", "delete"], oddValues);
const pairs = fc
  .tuple(names, mostly(["="], fc.constantFrom("=", "%3D", "")))
  .chain(([name, equals]) => values.map((value) => `${name}${equals}${value}`));
const forms = fc
  .array(fc.tuple(pairs, mostly(["&"], fc.constantFrom("&", ";", "&&"))), { maxLength: 4 })
  .map((list) => list.map(([pair, between], i) => (i === 0 ? pair : between + pair)).join(""));

const oddDispositions = fc.constantFrom(
  ...[
    'name="do"',
    "name=do",
    "name='do'",
    'NAME="do"',
    'name = "do"',
    'name="d\\o"',
    "name*=UTF-8''d%6f",
    'name="a"; name="do"',
  ],
  ...[
    'name="do"; name="a"',
    'name="do[]"',
    'name="do"; filename=""',
    'name="do"; filename="x"',
    'filename="; name=do"',
  ],
);
const dispositions = mostly(['name="do"', 'name="id"'], oddDispositions);
const heads = fc.constantFrom(
  ...[
    "",
    "\r\nContent-Type: text/plain",
    "\r\nContent-Transfer-Encoding: base64",
    "\r\nContent-Type: text/plain; charset=utf-16",
  ],
);
const partValues = fc.constantFrom(
  "view",
  "delete",
  "ZGVsZXRl",
  "d\0e\0l\0e\0t\0e\0",
  "delete\r\n",
  "view\r\n-- \r\ndelete",
  "view\n--bb\ndelete",
);
const ends = mostly(["\r\n"], fc.constantFrom("", "\n"));
const lines = mostly(["\r\n"], fc.constant("\n"));
const part = fc
  .tuple(dispositions, heads, partValues, lines, ends)
  .map(([disposition, more, value, line, end]) =>
    `--b\r\nContent-Disposition: form-data; ${disposition}${more}\r\n\r\n${value}${end}`.replaceAll(
      "\r\n",
      line,
    ),
  );
const parts = fc
  .tuple(fc.array(part, { maxLength: 3 }), fc.constantFrom("--b--\r\n", "--b--", "--b\r\n", ""))
  .map(([list, end]) => list.join("") + end);

const documents = fc.constantFrom(
  ...[
    '{"do":"view"}',
    '{"do":"delete"}',
    '{"do":"view","do":"delete"}',
    '{"d\\u006f":"delete"}',
    '{"Do":"delete"}',
  ],
  ...[
    '\ufeff{"do":"delete"}',
    '{"do":["delete"]}',
    '[{"do":"delete"}]',
    '{"do":"delete"',
    '{"a":{"do":"view"}}',
  ],
);
const FORM = "application/x-www-form-urlencoded";
const charsets = [
  "",
  "; charset=utf-8",
  "; charset=iso-8859-1",
  "; charset=utf-7",
  "; charset=utf-16",
  "; charset=cp037",
];
const formTypes = fc.constantFrom(
  ...charsets.map((it) => FORM + it),
  ...[FORM.toUpperCase(), ` ${FORM}`, `${FORM} `, `${FORM},text/plain`, "text/plain", null],
);
const partTypes = fc.constantFrom(
  ...[
    "multipart/form-data; boundary=b",
    'multipart/form-data; boundary="b"',
    "multipart/form-data;boundary=b;x=y",
  ],
  ...[
    "Multipart/Form-Data; Boundary=b",
    "multipart/mixed; boundary=b",
    "multipart/form-data; boundary=a; boundary=b",
  ],
  ...["multipart/form-data; charset=utf-7; boundary=b", "multipart/form-data, boundary=b"],
);
const jsonTypes = fc.constantFrom(
  "application/json",
  "application/json; charset=utf-8",
  "application/x+json",
  "text/json",
);

const bodies = fc.oneof(
  fc.record({ type: fc.constant(null), body: fc.constant("") }),
  fc.record({ type: formTypes, body: forms }),
  fc.record({
    type: formTypes,
    body: fc.constantFrom("d+AG8-=delete", "do=+AGQAZQBsAGUAdABl-", "\x84\x96~\x84\x85\x93\x85\xa3\x85"),
  }),
  fc.record({ type: partTypes, body: parts }),
  fc.record({ type: jsonTypes, body: documents }),
);
const requests: fc.Arbitrary<Sent> = fc
  .tuple(fc.oneof(fc.constant(""), forms), bodies)
  .map(([query, body]) => ({ query, ...body }))
  .filter(({ body }) => !body.includes("\ufeff"));

t.test(
  "whatever a framework reads, what takes it away sees it, and what gives another value does not",
  async (t) => {
    const seen = { taken: 0, given: 0 };
    const property = fc.asyncProperty(requests, async (sent) => {
      const judged = said(sent);
      const takes = TAKES.mayHold(judged);
      const gives = GIVES.filter(([, it]) => it.hold(judged)).map(([source]) => source);
      for (const name of ports.keys()) {
        const read = await saidBy(name, sent);
        if (read?.includes("delete") && !takes)
          throw new Error(`${name} reads delete, and nothing takes it away`);
        if (read?.some((it) => it.includes("delete")) && !TAKES_WITHIN.mayHold(judged))
          throw new Error(`${name} reads delete within a value, and nothing takes it away`);
        if (gives.length > 0 && read?.some((it) => it !== "view"))
          throw new Error(`${name} reads ${JSON.stringify(read)}, and ${gives.join()} gives`);
        if (read?.includes("delete")) seen.taken += 1;
        if (gives.length > 0 && read?.includes("view")) seen.given += 1;
      }
    });
    await fc.assert(property, { numRuns: RUNS });
    t.comment(`${seen.taken} readings taken away, ${seen.given} given`);
    t.ok(seen.taken > 0 && seen.given > 0, "both happen");
  },
);
