import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis } from "ioredis";
import t from "tap";
import { bodyOf, httpApp } from "../fixtures/apps/upstream.ts";
import { frontConfig, frontFolder } from "../fixtures/gateway/front.ts";
import { serving } from "../fixtures/gateway/serving.ts";
import { freePort } from "../fixtures/servers/port.ts";
import { redisServer } from "../fixtures/servers/redis.ts";

const SCRIPT = {
  ...{ "x-user": "17", "x-groups": "customer", "content-type": "application/json" },
  ...{ "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" },
};

t.test(
  "what was asked while every outlet was down, in a process that was killed then, arrives later",
  async (t) => {
    const app = await httpApp(t, (_request, response) => void response.end("ok"));
    const redis = await redisServer();
    t.teardown(() => redis.stop());
    await redis.kill();
    const port = await freePort();
    const { data, config } = frontFolder(
      t,
      frontConfig(
        app.origin,
        `help: { webhooks: [ { url: "http://127.0.0.1:${port}/tickets" } ], redis: { url: { fromEnv: HELP_REDIS } } }\n`,
      ),
    );
    const env = { HELP_REDIS: redis.url };
    const first = await serving(t, { config, data, env });
    const asked = await fetch(`${first.url}/.guise/ask-for-help`, {
      method: "POST",
      headers: SCRIPT,
      body: JSON.stringify({ message: "The chart is empty" }),
    });
    t.equal(asked.status, 200, "who asks reads that it is sent, since it is kept");
    const { id } = (await asked.json()) as { readonly id: string };
    // A try that is cut short is made again after two minutes, by whichever gateway; these two have failed.
    for (const outlet of ["webhooks[0]", "redis"]) await first.logged(`${id} ${outlet}`);
    first.child.kill("SIGKILL");
    t.equal(await first.exited, "SIGKILL");

    const got: string[] = [];
    const arrived = Promise.withResolvers<void>();
    const helpdesk = createServer(async (request, response) => {
      got.push((await bodyOf(request)).toString("utf8"));
      response.end();
      arrived.resolve();
    });
    t.teardown(() => {
      helpdesk.closeAllConnections();
      helpdesk.close();
    });
    await new Promise<void>((listening) => helpdesk.listen(port, "127.0.0.1", listening));
    t.equal((helpdesk.address() as AddressInfo).port, port);
    await redis.start();
    await serving(t, { config, data, env });
    await arrived.promise;
    t.match(JSON.parse(got[0] ?? "{}"), { data: { id, message: "The chart is empty", from: { id: "17" } } });
    const client = new Redis(redis.url);
    t.teardown(() => client.disconnect());
    const found = await client.xread("BLOCK", 0, "STREAMS", "{guise:help}", "0");
    t.match(found?.[0]?.[1]?.[0]?.[1], ["id", id], "the stream has it, too");
  },
);
