// What every target of the bench stands in front of.
import { createServer } from "node:http";

const json = Buffer.from(JSON.stringify({ id: 9421, name: "nuno.example", up: true }));
const row = "<tr><td>nuno.example</td><td>up</td><td>182 ms</td><td>checked a minute ago</td></tr>\n";
const page = Buffer.from(
  `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Sites</title></head>\n<body>\n<table>\n${row.repeat(Math.ceil(30_000 / row.length))}</table></body></html>\n`,
);
const download = Buffer.alloc(10 * 1024 * 1024, "x");

const KINDS: Readonly<Record<string, readonly [string, Buffer]>> = {
  "/json": ["application/json", json],
  "/page": ["text/html; charset=utf-8", page],
  "/site/1": ["text/html; charset=utf-8", page],
  "/download": ["application/octet-stream", download],
};

createServer((request, response) => {
  const [type, body] = KINDS[request.url ?? ""] ?? ["text/plain", Buffer.from("not found")];
  response.writeHead(body.length === 9 ? 404 : 200, { "content-type": type, "content-length": body.length });
  response.end(body);
}).listen(Number(process.env.PORT), "127.0.0.1");
