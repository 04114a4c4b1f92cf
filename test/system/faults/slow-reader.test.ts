import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import t from "tap";
import { httpApp } from "../../fixtures/apps/upstream.ts";
import { frontConfig, frontFolder, impersonating } from "../../fixtures/gateway/front.ts";
import { serving } from "../../fixtures/gateway/serving.ts";

const MB = 1024 * 1024;
/** `GUISE_FAULTS=1` sends as much as the fault matrix asks for. */
const SIZE = (process.env.GUISE_FAULTS === undefined ? 128 : 512) * MB;
const CHUNK = Buffer.alloc(MB, "x");

t.test(
  `row 18: ${SIZE / MB} MB for clients that read slowly stay in the app, and arrive whole`,
  async (t) => {
    const sent = new Map<string, number>();
    const app = await httpApp(t, (incoming, response) => {
      const path = incoming.url ?? "";
      if (!path.startsWith("/large")) return void response.end();
      response.writeHead(200, { "content-type": "application/octet-stream", "content-length": SIZE });
      sent.set(path, 0);
      const more = () => {
        while ((sent.get(path) ?? 0) < SIZE) {
          sent.set(path, (sent.get(path) ?? 0) + MB);
          if (!response.write(CHUNK)) return void response.once("drain", more);
        }
        response.end();
      };
      more();
    });
    const { config, data } = frontFolder(t, frontConfig(app.origin));
    const it = await serving(t, { config, data });
    const alice = await impersonating(it.url);
    const before = it.memory();
    const open = async (path: string, headers: Record<string, string>) => {
      const [response] = (await once(request(`${it.url}${path}`, { headers }).end(), "response")) as [
        IncomingMessage,
      ];
      return response.pause();
    };
    const responses = [await open("/large/impersonated", alice), await open("/large/own", {})];
    // Nobody reads: the app comes to a standstill once what lies between is full.
    let standing = 0;
    for (let last = -1; standing < 5; ) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const now = [...sent.values()].reduce((sum, bytes) => sum + bytes, 0);
      standing = now === last ? standing + 1 : 0;
      last = now;
    }
    for (const [path, bytes] of sent) t.ok(bytes < 32 * MB, `${path}: ${bytes / MB} MB on their way`);
    let most = it.memory();
    const watching = setInterval(() => {
      most = Math.max(most, it.memory());
    }, 50);
    t.teardown(() => clearInterval(watching));
    const lengths = await Promise.all(
      responses.map(async (response) => {
        let length = 0;
        for await (const chunk of response) length += (chunk as Buffer).length;
        return length;
      }),
    );
    t.same(lengths, [SIZE, SIZE]);
    t.ok(most - before < 64 * MB, `the gateway grew by ${((most - before) / MB).toFixed(0)} MB`);
  },
);
