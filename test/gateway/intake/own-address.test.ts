import t from "tap";
import { ownAddress } from "../../../src/gateway/intake/own-address.ts";
import { testServices } from "../../fixtures/gateway/test-services.ts";

t.test("an address is a path of ours only from our very origin, and only in its plain form", async (t) => {
  const it = await testServices(t);
  const own = (address: string | undefined) => ownAddress(address, "https://app.test", it.snapshot());
  t.match(own("https://app.test/a/../b?c"), { path: "/b", target: "/b?c" });
  t.match(own("https://app.test:443/a#d"), { path: "/a", target: "/a" });
  for (const address of [
    undefined,
    "",
    "/a",
    "http://app.test/a",
    "https://app.test:444/a",
    "https://app.test.evil/a",
    "https://app.test/%00",
  ])
    t.equal(own(address), null, String(address));
});
