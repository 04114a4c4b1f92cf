// An app for the benches, in a process of its own: pages, a download and an event stream that go on for ever, sockets.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const SWITCHED =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const PIECE = Buffer.alloc(4_096, "x");

function goesOn(response: ServerResponse, type: string, piece: Buffer | string): void {
  response.writeHead(200, { "content-type": type });
  const timer = setInterval(() => response.write(piece), 2);
  response.once("close", () => clearInterval(timer));
}

const server = createServer((request, response) => {
  if (request.url === "/download") goesOn(response, "application/octet-stream", PIECE);
  else if (request.url === "/events") goesOn(response, "text/event-stream", "data: tick\n\n");
  else response.setHeader("content-type", "application/json").end('{"ok":true}');
});
server.on("upgrade", (_request, socket) => {
  socket.on("error", () => socket.destroy());
  socket.on("end", () => socket.end());
  socket.resume().write(SWITCHED);
});
server.keepAliveTimeout = 600_000;
server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on("disconnect", () => process.exit());
