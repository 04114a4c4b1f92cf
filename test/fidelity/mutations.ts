/** Old mistakes, each a line of src/ as it was, or as it could be again. */
export interface Mutation {
  /** Below src/. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  // `read()` without a size gives one chunk of what is there.
  "first-piece-of-a-body": {
    file: "gateway/http/transport.ts",
    from: `request.complete && request.readableLength === length ? request.read(length) : null;
  if (Buffer.isBuffer(whole) && whole.length === length) relay.send(whole, length);`,
    to: `request.complete && request.readableLength === length ? request.read() : null;
  if (Buffer.isBuffer(whole)) relay.send(whole, whole.length);`,
  },
  "cookie-lines-joined": {
    file: "gateway/http/hop-by-hop-headers.ts",
    from: "    kept.push(name, value);\n  }\n  return withoutNamed",
    to: `    const before = name.toLowerCase() === "cookie" ? kept.indexOf(name) : -1;
    if (before < 0) kept.push(name, value);
    else kept[before + 1] += "; " + value;
  }
  return withoutNamed`,
  },
  "a-cut-is-an-end": {
    file: "gateway/http/client-abort.ts",
    from: "  else socket.destroy();",
    to: '  else socket.end("0\\r\\n\\r\\n");',
  },
  // What node does by itself.
  "an-end-is-a-leave": {
    file: "gateway/http/http-proxy.ts",
    from: 'Reflect.set(server, "httpAllowHalfOpen", true);',
    to: 'Reflect.set(server, "httpAllowHalfOpen", false);',
  },
  // What node does by itself, too.
  "all-at-once": {
    file: "gateway/http/in-turn.ts",
    from: "if (response.socket !== null) {",
    to: "if (response !== null) {",
  },
  "raw-bytes-as-text": {
    file: "gateway/http/client/response-parser.ts",
    from: 'readHead(joined.toString("latin1", start, end))',
    to: 'readHead(joined.toString("utf8", start, end))',
  },
};
