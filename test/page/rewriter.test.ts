import t from "tap";
import { Fault } from "../../src/errors.ts";
import { rewriter } from "../../src/page/rewriter.ts";
import { cut, INSERT, type RewriterOptions, rewrite, through, withoutBanner } from "./rewriting.ts";

const GOLDENS: readonly (readonly [string, string])[] = [
  ["right after the body tag", "<!doctype html><html><head><title>a</title></head><body class=x>|<p>b"],
  ["after a body tag whose attributes have > in them", "<body title='a > b' data-x=\"<p>\">|x"],
  ["after a body tag in capitals with odd white space", "<HTML><HEAD></HEAD><BODY\n\tONLOAD=x\r\n>|x"],
  ["after a body tag with a slash", "<body/>|x"],
  ["after a body tag with a broken attribute", "<body a=\"1\"b='2'=c>|x"],
  ["before the first element that no head may have", "<title>a</title>|<p>b<body>"],
  ["before text", "<head><title>a</title>\n |hello"],
  ["before text in an empty document", "|hello"],
  ["at the end of nothing", "|"],
  ["at the end of white space and comments", " <!-- a --> \n|"],
  ["at the end of a head", "<html><head><meta name=a></head>\n|"],
  ["before </body> when nothing was before it", "<head></head>|</body></html>"],
  ["before </br>", "<title>a</title>|</br>"],
  ["past a stray end tag", "</p></div></title><meta name=a>|<p>"],
  ["past a comment with a body tag", "<!-- <body> --><title></title>|<p>"],
  ["past a comment that ends at once", "<!--><body>|"],
  ["past a comment that ends with a dash", "<!---><body>|"],
  ["past a comment that ends with a bang", "<!-- <body> --!><body>|"],
  ["past a comment with a bang that doesn't end it", "<!-- --! ><body> --><body>|"],
  ["past a comment within a comment", "<!-- <!-- <body> --><body>|"],
  [
    "past a bogus comment",
    "<?xml version='1.0' <body?><!foo <body></ <body><![CDATA[<body>]]>|".replace("]]>|", "|]]>"),
  ],
  ["past a doctype with quotes", '<!DOCTYPE html PUBLIC "a>|b" "c">'],
  ["past a script with a body tag", "<script>document.write('<body>')</script><body>|"],
  ["past an escaped script", "<script><!-- <script> </script> <body> --></script><body>|"],
  ["past an escaped script that isn't one", "<script><!-- </script><body>|<script>--></script>"],
  ["past a script with another tag in its comment", "<script><!-- <scripty> </script><body>|-->"],
  ["past a script whose end tag has attributes", "<script>x</script a='>'><body>|"],
  ["past a style", "<style>a > b { content: '<body>' }</style><body>|"],
  ["past a title", "<title><body></title><body>|"],
  ["past a title with an end tag of another name", "<title></titlex></title ><body>|"],
  ["past a noscript", "<head><noscript><link rel=stylesheet href=x></noscript></head><body>|"],
  ["past a noscript with an image", "<head><noscript><img src=x></noscript><meta name=a></head><body>|"],
  ["before a noscript after the head", "<head></head>|<noscript>a</noscript><body>"],
  ["past a template with a body in it", "<head><template><body><p>a</template></head><body>|"],
  ["past templates in a template", "<template><template></template><p></template><body>|"],
  ["past a template with an icon in it", "<template><svg><title>a</title></svg></template><body>|"],
  ["past a noframes", "<noframes><body></noframes><body>|"],
  ["past what comes late for the head", "<head></head><link rel=a><meta name=b><script></script>\n<body>|"],
  ["before plaintext", "<title>a</title>|<plaintext><body>"],
  ["before a less-than sign that is text", "<title>a</title>|< body>"],
  ["before a character reference", "<title>a</title>|&nbsp;<body>"],
  ["before what was cut off", "<title>a</title>|<body class="],
  ["before a title that was cut off", "<head>|<title>a"],
  ["before a comment that was cut off", "<head></head>|<!-- <body>"],
  ["before a template that was cut off", "<head>|<template><p>a</p>"],
  ["past a byte order mark", "\xef\xbb\xbf<title>a</title>|<p>"],
  ["past a byte order mark with nothing behind it", "\xef\xbb\xbf|"],
];

for (const [name, marked] of GOLDENS) {
  t.test(`the banner goes ${name}`, async (t) => {
    const html = marked.replace("|", "");
    t.equal(await rewrite(html), marked.replace("|", INSERT));
    const single = await through([...Buffer.from(html, "latin1")].map((byte) => Buffer.from([byte])));
    t.equal(single.toString("latin1"), marked.replace("|", INSERT), "also byte by byte");
    t.equal(
      withoutBanner(marked.replace("|", INSERT)).first,
      true,
      "and a browser's parser sees it first in the body",
    );
  });
}

const UNMARKABLE: readonly (readonly [string, string, Partial<RewriterOptions>])[] = [
  ["a frameset", "<head></head><frameset><frame src=a></frameset>", {}],
  ["a frameset without a head tag", "<title>a</title><frameset>", {}],
  [
    "a noscript that a browser without scripts reads otherwise",
    "<noscript><!--</noscript><body>--></noscript>",
    {},
  ],
  ["a noscript with a style that hides its end", "<noscript><style></noscript><body></style>", {}],
  [
    "a template with markup in a foreign style",
    "<template><svg><style></template><body></style></template>",
    {},
  ],
  ["a template that may have ended", "<template><select><style></template><body>", {}],
  ["a template with CDATA", "<template><svg><![CDATA[</template>]]></svg></template><body>", {}],
  ["a charset of which browsers show nothing", "<body>", { charset: "iso-2022-kr" }],
  ["such a charset in a meta", "<meta charset=hz-gb-2312><body>", { charset: null }],
  ["ISO-2022-JP, which hides markup in text", "<body>", { charset: "ISO-2022-JP" }],
  ["ISO-2022-JP in a meta", "<meta charset=csiso2022jp><body>", { charset: null }],
  ["escape sequences without a charset", "<title>\x1b$B<body>\x1b(B</title><body>", { charset: null }],
  ["escape sequences before the charset", "<!-- \x1b$B --><meta charset=utf-8><body>", { charset: null }],
  ["a head that is too long", `<title>${"a".repeat(100)}</title><body>`, { pageHead: 100 }],
];

for (const [name, html, options] of UNMARKABLE) {
  t.test(`nothing comes out of ${name}`, async (t) => {
    const transform = rewriter({
      insert: INSERT,
      title: null,
      transcode: true,
      syntax: "html",
      charset: "utf-8",
      pageHead: 1 << 20,
      amendMeta: null,
      ...options,
    });
    let bytes = 0;
    transform.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    const failed = new Promise((resolve) => transform.once("error", resolve));
    transform.end(Buffer.from(html, "latin1"));
    const fault = await failed;
    t.type(fault, Fault);
    t.equal(fault instanceof Fault && fault.code, "page-unmarkable");
    t.equal(bytes, 0);
  });
}

const MARK = "as N &#183; ";

for (const [what, html, marked, options = {}] of [
  [
    "the first title of a head",
    "<title>a</title><title>b</title><body>",
    "<title>^a</title><title>b</title><body>|",
  ],
  ["one with attributes, in capitals", "<head><TITLE x='>'\n>a", "<head>|<TITLE x='>'\n>a"],
  ["the same, whole", "<head><TITLE x='>'\n>a</TITLE>", "<head><TITLE x='>'\n>^a</TITLE>|"],
  ["an empty one", "<title></title>b", "<title>^</title>|b"],
  [
    "behind a policy",
    "<meta charset=utf-8><title>a</title><body>",
    "<meta charset=utf-8><title>^a</title><body>|",
  ],
  [
    "none in a comment, a script, a template",
    "<!--<title>--><script><title></script><template><title>a</title></template><body>",
    "<!--<title>--><script><title></script><template><title>a</title></template><body>|",
  ],
  [
    "none in the body",
    "<body><svg><title>a</title></svg><title>b</title>",
    "<body>|<svg><title>a</title></svg><title>b</title>",
  ],
  ["one in UTF-16", "\xff\xfe<\0t\0i\0t\0l\0e\0>\0a\0", "\xef\xbb\xbf|<title>a"],
  [
    "one of XHTML",
    "<html><head><title>a</title></head><body>",
    "<html><head><title>^a</title></head><body>|",
    { syntax: "xml" },
  ],
  [
    "none that is empty in XHTML",
    "<html><head><title/></head><body>",
    "<html><head><title/></head><body>|",
    { syntax: "xml" },
  ],
] as const)
  t.test(`the title: ${what}`, async (t) => {
    const out = await rewrite(html, { title: MARK, ...options });
    t.equal(out, marked.replace("|", INSERT).replace("^", MARK));
  });

const policy = (value: string) => `${value}; style-src-elem 'x'`;

const METAS: readonly (readonly [string, string, string])[] = [
  [
    "in double quotes",
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'"><body>`,
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src-elem 'x'"><body>|`,
  ],
  [
    "in single quotes with references",
    `<meta content='default-src &#39;none&#x27;&semi;' http-equiv=content-security-policy ><body>`,
    `<meta content='default-src &#39;none&#39;;; style-src-elem &#39;x&#39;' http-equiv=content-security-policy ><body>|`,
  ],
  [
    "without quotes",
    "<meta http-equiv=content-security-policy content=sandbox><body>",
    `<meta http-equiv=content-security-policy content="sandbox; style-src-elem 'x'"><body>|`,
  ],
  [
    "after the head",
    "</head><meta http-equiv=content-security-policy content='a'><p>",
    "</head><meta http-equiv=content-security-policy content='a; style-src-elem &#39;x&#39;'>|<p>",
  ],
  [
    "twice",
    "<meta http-equiv=content-security-policy content=a><meta http-equiv=content-security-policy content=b>",
    `<meta http-equiv=content-security-policy content="a; style-src-elem 'x'"><meta http-equiv=content-security-policy content="b; style-src-elem 'x'">|`,
  ],
  ["that reports only", "<meta http-equiv=content-security-policy-report-only content=a>", "=|"],
  ["in a comment", "<!-- <meta http-equiv=content-security-policy content=a> -->", "=|"],
  ["in a template", "<template><meta http-equiv=content-security-policy content=a></template>", "=|"],
  [
    "in the body",
    "<body><meta http-equiv=content-security-policy content=a>",
    "<body>|<meta http-equiv=content-security-policy content=a>",
  ],
  ["with a reference nobody knows", "<meta http-equiv=content-security-policy content='a&rarr;'>", "=|"],
  ["without content", "<meta http-equiv=content-security-policy>", "=|"],
];

for (const [name, html, want] of METAS) {
  t.test(`a policy in a meta ${name}`, async (t) => {
    const amendMeta = (value: string) => (value === "" ? value : policy(value));
    t.equal(await rewrite(html, { amendMeta }), want.replace("=|", `${html}|`).replace("|", INSERT));
    const bytes = [...Buffer.from(html)].map((byte) => Buffer.from([byte]));
    t.equal((await through(bytes, { amendMeta })).toString(), await rewrite(html, { amendMeta }));
  });
}

t.test("multibyte charsets whose second byte looks like ASCII are read right", async (t) => {
  const title = Buffer.concat([
    Buffer.from("<title>"),
    Buffer.from([0x83, 0x5c, 0x94, 0x5c, 0x81, 0x7c]),
    Buffer.from("</title><body>"),
  ]);
  const four = Buffer.concat([
    Buffer.from("<title>"),
    Buffer.from([0x81, 0x30, 0x81, 0x30]),
    Buffer.from("</title><body>"),
  ]);
  t.equal(
    (await through([title], { charset: "Shift_JIS" })).toString("latin1"),
    `${title.toString("latin1")}${INSERT}`,
  );
  t.equal(
    (await through([four], { charset: "gb18030" })).toString("latin1"),
    `${four.toString("latin1")}${INSERT}`,
  );
});

for (const encoding of ["utf-16le", "utf-16be"] as const) {
  for (const marked of [true, false]) {
    t.test(
      `${encoding} ${marked ? "with" : "without"} a byte order mark leaves as UTF-8 with one`,
      async (t) => {
        const html = "<title>\u00e4\u{1f600}</title><body>\u20ac";
        const bytes = Buffer.from(`${marked ? "\ufeff" : ""}${html}`, "utf16le");
        if (encoding === "utf-16be") bytes.swap16();
        const want = `\ufeff${html.replace("<body>", `<body>${INSERT}`)}`;
        const charset = marked ? "windows-1252" : encoding;
        for (const size of [1, 2, 3, 1000]) {
          const pieces = cut(
            bytes,
            Array.from({ length: bytes.length }, () => size),
          );
          t.equal((await through(pieces, { charset })).toString("utf8"), want);
        }
      },
    );
  }
}

t.test("an empty document in UTF-16 is marked too", async (t) => {
  t.equal((await through([], { charset: "utf-16" })).toString("utf8"), `\ufeff${INSERT}`);
});

t.test("what follows the place goes out at once and is the same memory", async (t) => {
  const transform = rewriter({
    insert: INSERT,
    title: null,
    transcode: true,
    syntax: "html",
    charset: null,
    pageHead: 1 << 20,
    amendMeta: null,
  });
  const out: Buffer[] = [];
  transform.on("data", (chunk: Buffer) => out.push(chunk));
  const write = (chunk: Buffer) => new Promise((resolve) => transform.write(chunk, resolve));
  const head = Buffer.from("<title>a</title>");
  await write(head);
  t.equal(out.length, 0, "nothing before the place is found");
  await write(Buffer.from("<body>x"));
  t.equal(Buffer.concat(out).toString(), `<title>a</title><body>${INSERT}x`);
  t.equal(out[0]?.buffer, head.buffer, "the head isn't copied");
  const rest = Buffer.from("<body>rest");
  await write(rest);
  t.equal(out.at(-1), rest);
});

const XML: readonly (readonly [string, string])[] = [
  [
    "after its body tag",
    "<html xmlns='x'><head><title>a</title></head><body class='&gt;'>|<p/></body></html>",
  ],
  ["after a body tag with a prefix", "<h:html xmlns:h='x'><h:head/><h:body>|</h:body></h:html>"],
  [
    "past instructions, comments and sections",
    "<?xml version='1.0'?><!-- <body> --><html><head><style><![CDATA[<body>]] >]]]></style></head><body>|</body></html>",
  ],
  [
    "past a doctype with entities",
    "<!DOCTYPE html [<!ENTITY a '<body>'><!-- ' ] --> ]><html><head/><body>|</body></html>",
  ],
  ["past a body that isn't the document's", "<html><head><body/></head><body>|<p/></body></html>"],
];

for (const [name, marked] of XML) {
  t.test(`in XHTML the banner goes ${name}`, async (t) => {
    const html = marked.replace("|", "");
    const want = marked.replace("|", INSERT);
    t.equal(await rewrite(html, { syntax: "xml" }), want);
    const single = [...Buffer.from(html)].map((byte) => Buffer.from([byte]));
    t.equal((await through(single, { syntax: "xml" })).toString(), want, "also byte by byte");
  });
}

t.test("XHTML without an open body can't be marked", async (t) => {
  for (const html of ["<html><head/><body/></html>", "<html><head/><frameset/></html>", "<svg/>", ""]) {
    await t.rejects(rewrite(html, { syntax: "xml" }), { code: "page-unmarkable" });
  }
});

t.test("XHTML that a stylesheet makes another document of can't be marked", async (t) => {
  const body = "<html><head/><body>a</body></html>";
  for (const type of ["text/xsl", "text/xml", "application/xslt+xml", "te&#120;t/&#120;sl"]) {
    const html = `<?xml version="1.0"?>\n<?xml-stylesheet href='a'\n type="${type}"?>${body}`;
    await t.rejects(rewrite(html, { syntax: "xml" }), { code: "page-unmarkable" }, type);
  }
  const plain = `<?xml-stylesheet type="text/css" href="a.css"?><?xml-stylesheets xsl?>${body}`;
  t.match(await rewrite(plain, { syntax: "xml" }), INSERT);
});

t.test("a policy in a meta of XHTML is amended", async (t) => {
  const html = `<html><head><meta http-equiv="Content-Security-Policy" content="a"/></head><body></body></html>`;
  const want = `<html><head><meta http-equiv="Content-Security-Policy" content="a; style-src-elem 'x'"/></head><body>${INSERT}</body></html>`;
  t.equal(await rewrite(html, { syntax: "xml", amendMeta: policy }), want);
});
