import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Test } from "tap";

/** The support tool's own answer to who is at the keyboard: Alice, by this session cookie. Gives its address. */
export async function supportTool(t: Pick<Test, "teardown">, cookie: string): Promise<string> {
  const server = createServer((request, response) => {
    const known = request.headers.cookie?.includes(cookie) ?? false;
    response.writeHead(known ? 200 : 401, { "content-type": "application/json" });
    response.end(JSON.stringify(known ? { id: "alice", name: "Alice Support", groups: ["support"] } : {}));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
