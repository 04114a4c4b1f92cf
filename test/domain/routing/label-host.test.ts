import t from "tap";
import { labelBelow, labelOrigin } from "../../../src/domain/routing/label-host.ts";

t.test("a label is what stands before the parent", async (t) => {
  t.equal(labelBelow("abc.view.example.net", "view.example.net"), "abc");
  t.equal(labelBelow("view.example.net", "view.example.net"), "");
  for (const host of ["example.net", "review.example.net", "view.example.net.evil.test", "app.example.com"])
    t.equal(labelBelow(host, "view.example.net"), null, host);
});

t.test("its host has the scheme and the port of the app's", async (t) => {
  t.equal(labelOrigin("abc", "view.example.net", "https://app.example.com"), "https://abc.view.example.net");
  t.equal(labelOrigin("abc", "view.localhost", "http://localhost:8000"), "http://abc.view.localhost:8000");
});
