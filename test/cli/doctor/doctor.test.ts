import t from "tap";
import { doctor } from "../../../src/cli/doctor/doctor.ts";
import { json, service } from "../../fixtures/apps/service.ts";
import { runCommand } from "../../fixtures/command.ts";

t.test("an app without any gateway is named wrong where an agent should meet one", async (t) => {
  const app = await service(json({}));
  t.teardown(() => app.close());
  const { code, out } = await runCommand(doctor, ["split", app.url]);
  t.equal(code, 1);
  t.match(out, /right +a customer's request never meets Guise\n/);
  t.match(out, /wrong +a request with the marker of agents comes through Guise: it went past Guise/);
  t.match(out, /wrong +pages below \/\.guise are Guise's: jwks.json is answered with 200/);
  t.match(out, /untried +a forged header dies .*: write --echo/);
});

t.test("a header that the app gets is told", async (t) => {
  const app = await service((request, response) => response.end(JSON.stringify(request.headers)));
  t.teardown(() => app.close());
  const { code, out } = await runCommand(doctor, ["split", app.url, "--echo", "/"]);
  t.equal(code, 1);
  t.match(out, /wrong +a forged header dies on the way straight to the app: the app got it/);
});

t.test("nobody there, and words that it doesn't know", async (t) => {
  const gone = await runCommand(doctor, ["split", "http://127.0.0.1:1/"]);
  t.equal(gone.code, 1);
  t.match(gone.out, /wrong +a customer's request never meets Guise: .*ECONNREFUSED/);
  for (const args of [
    ["split"],
    ["split", "ftp://x"],
    ["heal", "http://x"],
    ["split", "http://x", "--echo", "x"],
  ])
    t.equal((await runCommand(doctor, args)).code, 2, args.join(" "));
});
