import t from "tap";
import { demoFor } from "./visitor.ts";

const NUNO = { id: "17", name: "Nuno Almeida", email: "nuno@example.com", groups: ["customer"] };

t.test("the owner of a site and of a status page can be asked for", async (t) => {
  const { url } = await demoFor(t);
  t.strictSame(await (await fetch(`${url}/internal/sites/9421/owner`)).json(), NUNO);
  t.strictSame(await (await fetch(`${url}/internal/status-pages/nuno-shop/owner`)).json(), NUNO);
  for (const path of [
    "/internal/sites/99999/owner",
    "/internal/status-pages/nobody/owner",
    "/internal/users/4711",
  ]) {
    const response = await fetch(url + path);
    t.equal(response.status, 404, path);
    t.match(response.headers.get("content-type"), /^application\/json/, path);
  }
});

t.test("people can be asked for by id and searched by name and email", async (t) => {
  const { url } = await demoFor(t);
  t.strictSame(await (await fetch(`${url}/internal/users/17`)).json(), NUNO);
  t.strictSame(await (await fetch(`${url}/internal/users?q=ALMEIDA`)).json(), [NUNO]);
  t.strictSame(await (await fetch(`${url}/internal/users?q=nuno@`)).json(), [NUNO]);
  t.strictSame(await (await fetch(`${url}/internal/users?q=nobody-at-all`)).json(), []);
  const everybody = (await (await fetch(`${url}/internal/users`)).json()) as readonly unknown[];
  t.ok(everybody.length > 8 && everybody.length <= 20);
  t.notMatch(JSON.stringify(everybody), "password");
});

t.test("what came through a proxy gets the answer of an address that doesn't exist", async (t) => {
  const { url } = await demoFor(t);
  const headers = { "x-forwarded-for": "203.0.113.9" };
  for (const path of ["/internal/sites/9421/owner", "/internal/users?q=a"]) {
    const [inside, absent] = [
      await fetch(url + path, { headers }),
      await fetch(`${url}/internal/nothing`, { headers }),
    ];
    t.strictSame([inside.status, absent.status], [404, 404], path);
    t.equal(await inside.text(), await absent.text(), path);
  }
});
