// Needs: WordPress, DokuWiki, Django with add-ons for signing in

import t, { type Test } from "tap";
import { CookieJar } from "tough-cookie";
import { evidence } from "../contracts/identity-source.ts";
import { hiddenIn } from "../fixtures/html.ts";
import { djangoLogin } from "../fixtures/real-apps/django-login.ts";
import { dokuWiki } from "../fixtures/real-apps/dokuwiki.ts";
import { wordPress } from "../fixtures/real-apps/wordpress.ts";
import { identityDeps, sourceFrom } from "../identity/deps.ts";

interface Site {
  readonly origin: string;
  /** Of `whoami`, beside its address. */
  readonly page: string;
  readonly cookies: readonly string[];
  readonly user: object;
  readonly loginPage: string;
  readonly form: (hidden: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
  /** Pages on which the person is to be known. */
  readonly pages: readonly string[];
  readonly known: object;
}

/** Cookies as a browser keeps them, and sends them with a request for a page. */
async function signedIn({ origin, loginPage, form }: Site): Promise<CookieJar> {
  const jar = new CookieJar(undefined, { looseMode: true, rejectPublicSuffixes: false });
  const ask = async (url: string, body?: URLSearchParams) => {
    const cookie = await jar.getCookieString(url);
    const headers = { ...(cookie === "" ? {} : { cookie }), referer: url };
    const answer = await fetch(url, {
      redirect: "manual",
      headers,
      ...(body === undefined ? {} : { method: "POST", body }),
    });
    for (const line of answer.headers.getSetCookie()) await jar.setCookie(line, url, { ignoreError: true });
    return await answer.text();
  };
  const page = await ask(origin + loginPage);
  await ask(origin + loginPage, new URLSearchParams(form(hiddenIn(page))));
  return jar;
}

async function isKnown(t: Test, site: Site): Promise<void> {
  const { origin, page, cookies, user, pages, known } = site;
  const source = sourceFrom({ whoami: { url: origin + page, cookies, user } }, identityDeps(t));
  const jar = await signedIn(site);
  for (const path of pages) {
    const cookie = await jar.getCookieString(origin + path);
    t.match(
      await source.identify(evidence({ headers: { cookie } })),
      { kind: "known", identity: known },
      path,
    );
  }
  const first = (await jar.getCookies(origin + page)).map(({ key }) => `${key}=made-up`).join("; ");
  t.match(await source.identify(evidence({ headers: { cookie: first } })), { kind: "unknown" });
}

t.test("a WordPress says on its own pages who is signed in", async (t) => {
  const blog = await wordPress();
  t.teardown(() => blog.stop());
  // As in wp-config.php.
  await blog.plugin("paths.php", "<?php define('ADMIN_COOKIE_PATH', '/');");
  const { nuno } = blog.users;
  await isKnown(t, {
    origin: blog.origin,
    page: "/wp-admin/profile.php",
    cookies: ["wordpress_*"],
    user: {
      id: { css: "#user_id", attribute: "value" },
      name: { css: "#display_name option[selected]" },
    },
    loginPage: "/wp-login.php",
    form: (hidden) => ({ ...hidden, log: nuno.login, pwd: nuno.password, testcookie: "1" }),
    pages: ["/wp-admin/", "/wp-admin/edit.php", "/", "/author/nuno/"],
    known: { id: nuno.id, name: nuno.name },
  });
});

t.test("a DokuWiki does", async (t) => {
  const wiki = await dokuWiki(t, "a long key of the tests");
  await isKnown(t, {
    origin: wiki.origin,
    page: "/doku.php?do=recent",
    cookies: ["DokuWiki", "DW*"],
    user: { id: { css: "#dokuwiki__usertools li.user bdi:last-of-type" } },
    loginPage: "/doku.php?do=login",
    form: (hidden) => ({ ...hidden, u: "nuno", p: "nuno's password" }),
    pages: ["/doku.php", "/doku.php?id=people:nuno:start"],
    known: { id: "nuno" },
  });
});

t.test("a Django does, on a page that shows the username", async (t) => {
  const django = await djangoLogin(t);
  await django.start();
  await isKnown(t, {
    origin: django.origin,
    page: "/mine",
    cookies: ["sessionid"],
    user: { id: { regex: "(\\w+) at mine" } },
    loginPage: "/admin/login/?next=/admin/",
    form: (hidden) => ({ ...hidden, username: "nuno", password: "nuno's password" }),
    pages: ["/admin/", "/site/2/start"],
    known: { id: "nuno" },
  });
});
