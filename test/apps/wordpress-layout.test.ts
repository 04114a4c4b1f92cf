// Needs: WordPress
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import type { Page } from "playwright-core";
import t, { type Test } from "tap";
import { app } from "../../src/app.ts";
import { browser } from "../fixtures/browser/browser.ts";
import { wordPress } from "../fixtures/real-apps/wordpress.ts";
import { freePort } from "../fixtures/servers/port.ts";
import { bannerHeight, lost, seen } from "../page/layout/seen.ts";
import { ready } from "../page/stage.ts";
import { supportTool } from "./support-tool.ts";

const SIZES = [
  { width: 1400, height: 800 },
  { width: 768, height: 900 },
  { width: 360, height: 640 },
];
const SHOTS = fileURLToPath(new URL("./screenshots/", import.meta.url));
/** Where, and what is there when all of it is. */
const PAGES = [
  ["/", ".wp-block-post-title"],
  ["/wp-admin/edit.php", "#the-list tr"],
  ["/wp-admin/post.php?post=7&action=edit", ".edit-post-visual-editor p"],
  ["/wp-admin/customize.php", "#customize-theme-controls .accordion-section"],
  ["/wp-admin/upload.php", ".media-frame"],
] as const;

const people = await supportTool(t, "member=alice");
const blog = await wordPress();
t.teardown(() => blog.stop());
const { olga } = blog.users;
const chromium = await browser();
t.teardown(() => chromium.close());

const data = await mkdtemp(join(tmpdir(), "guise-test-"));
const [config, port] = [join(data, "routes.config.yaml"), await freePort()];
const write = async (position: string) =>
  await writeFile(
    config,
    `upstream: ${blog.origin}
token: { audience: blog }
identity: [{ whoami: { url: "${people}/", cookies: [member], user: { id: /id, name: /name, groups: /groups } } }]
agents: [{ groups: [support], mayBe: { notInGroups: [support] }, mode: write }]
users: { map: { "${olga.id}": { name: ${olga.name}, email: ${olga.email}, groups: [customer] } } }
routes: [{ path: "/author/:user{/*rest}", owner: { param: user } }]
page: { banner: { position: ${position} } }
`,
  );
await write("top");
const log = pino({ level: process.env.GUISE_LOG ?? "fatal" });
const gateway = await app({ config, port, host: "127.0.0.1", adminPort: 0, data, env: process.env, log });
t.teardown(async () => {
  await gateway.close();
  await rm(data, { recursive: true, force: true });
});
await blog.trust({ jwks: `http://127.0.0.1:${port}/.guise/jwks.json`, audience: "blog" });
const url = `http://localhost:${port}`;

/** Alice's window, in which she is Olga; and Olga's own, without Guise. */
const [beside, plain] = [await window(), await window()];
await beside.context().addCookies([{ name: "member", value: "alice", url, httpOnly: true, sameSite: "Lax" }]);
await beside.goto(`${url}/.guise/as/${olga.id}`);
await beside.click("main button");
await ready(beside);
await plain.goto(`${blog.origin}/wp-login.php`);
await plain.fill("#user_login", olga.login);
await plain.fill("#user_pass", olga.password);
await Promise.all([plain.waitForURL("**/wp-admin/"), plain.press("#user_pass", "Enter")]);

t.test("the dashboard opens as the customer, and its forms are hers", async (t) => {
  const answer = await beside.goto(`${url}/wp-admin/`);
  t.equal(answer?.status(), 200);
  t.equal(new URL(beside.url()).pathname, "/wp-admin/", "not the login");
  t.match(await beside.locator("#wp-admin-bar-my-account .display-name").first().textContent(), olga.name);
  await beside.goto(`${url}/wp-admin/profile.php`);
  await beside.fill("#description", "Written by Alice for Olga");
  await beside.locator("#submit").click();
  await beside.locator("#message.updated").waitFor();
  await plain.goto(`${blog.origin}/wp-admin/profile.php`);
  t.equal(await plain.inputValue("#description"), "Written by Alice for Olga");
});

await mkdir(SHOTS, { recursive: true });
for (const position of ["top", "bottom"] as const) {
  t.test(`banner at the ${position}: nothing of WordPress lies under it`, async (t) => {
    await write(position);
    await gateway.reload();
    for (const [path, there] of PAGES) {
      for (const page of [beside, plain]) {
        await page.setViewportSize({ width: 1400, height: 800 });
        await page.goto(`${page === beside ? url : blog.origin}${path}`);
        await page.locator(there).first().waitFor();
      }
      await ready(beside);
      for (const size of SIZES) await compare(t, `${path}, ${size.width} px`, position, size);
    }
  });
}

/** A window of its own: what lies behind another is hardly painted. */
async function window(): Promise<Page> {
  return await (await chromium.newContext({ viewport: { width: 1400, height: 800 } })).newPage();
}

async function compare(
  t: Test,
  name: string,
  position: "top" | "bottom",
  size: (typeof SIZES)[number],
): Promise<void> {
  await beside.setViewportSize(size);
  const height = await bannerHeight(beside);
  await plain.setViewportSize({ width: size.width, height: size.height - height });
  const middle = await plain.evaluate<number>(
    "Math.round((document.documentElement.scrollHeight - innerHeight) / 2)",
  );
  const band =
    position === "top" ? { top: 0, bottom: height } : { top: size.height - height, bottom: size.height };
  const losses = async () => {
    const without = await seen(plain, middle, { top: -1, bottom: -1 });
    const shown = await seen(beside, middle, band);
    return without.flatMap((pieces, index) =>
      lost(pieces, shown[index] ?? []).filter((it) => it.endsWith("the banner")),
    );
  };
  let found = await losses();
  for (let tries = 0; tries < 30 && found.length > 0; tries += 1) found = await losses();
  t.strictSame(found, [], name);
  await beside.screenshot({ path: join(SHOTS, `${name.replace(/\W+/g, "-")}-${position}.png`) });
}
