import t from "tap";
import { stage } from "../stage.ts";

const it = await stage();
t.teardown(() => it.close());

const HEARD = `<!doctype html><title>a</title><script>
  window.heard = [];
  document.addEventListener("guise:impersonating", (event) => heard.push(event.detail));
</script><body>`;

t.test(
  "the page's own scripts are told by an attribute, a global and an event, without a name",
  async (t) => {
    for (const mode of ["read", "write"] as const) {
      const { page } = await it.open({ html: HEARD, view: { mode } });
      await page.waitForFunction("heard.length > 0");
      t.strictSame(
        await page.evaluate("[document.documentElement.dataset.guiseImpersonating, window.guise, heard]"),
        [mode, { impersonating: true, mode }, [{ impersonating: true, mode }]],
      );
      await page.evaluate("(() => { window.guise = null; })()");
      t.equal(
        await page.evaluate("window.guise.impersonating"),
        true,
        "a script can't take it away by accident",
      );
      await page.context().close();
    }
  },
);

t.test("an app that has a global of this name keeps it", async (t) => {
  const { page } = await it.open({
    html: HEARD.replace("window.heard", 'window.guise = "mine"; window.heard'),
  });
  await page.waitForFunction("heard.length > 0");
  t.equal(await page.evaluate("window.guise"), "mine");
  await page.context().close();
});
