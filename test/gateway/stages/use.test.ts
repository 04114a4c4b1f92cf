import type { IncomingMessage } from "node:http";
import t from "tap";
import { navigation } from "../../../src/gateway/intake/fetch-metadata.ts";
import { isUse } from "../../../src/gateway/stages/use.ts";

function asked(headers: Record<string, string>, unattended = false): boolean {
  const raw = { headers } as unknown as IncomingMessage;
  return isUse({ raw, page: { unattended }, navigation: navigation("GET", false, headers) });
}

t.test("what somebody does is use, and what a page does by itself is not", async (t) => {
  const document = { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate" };
  const script = { "sec-fetch-dest": "empty", "sec-fetch-mode": "cors" };
  t.equal(asked({ ...document, "sec-fetch-user": "?1" }), true, "a click");
  t.equal(asked(document), false, "a page that loads itself again");
  t.equal(asked({ ...document, "sec-fetch-dest": "iframe" }), false, "a frame that comes with its page");
  t.equal(asked({ ...document, "sec-fetch-dest": "iframe", "sec-fetch-user": "?1" }), true, "a click in it");
  for (const destination of ["image", "style", "script", "font", "video", "report"])
    t.equal(asked({ "sec-fetch-dest": destination, "sec-fetch-mode": "no-cors" }), false, destination);
  t.equal(asked(script), true, "a script's call, of which nobody says more");
  t.equal(asked({ "sec-fetch-dest": "websocket", "sec-fetch-mode": "websocket" }), true);
  t.equal(asked(script, true), false, "and one while nobody was there");
  t.equal(asked({ accept: "text/html,*/*;q=0.8" }), true, "a browser that says nothing");
  t.equal(asked({ accept: "text/html,*/*;q=0.8" }, true), false);
});
