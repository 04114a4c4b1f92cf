import { type Demo, startDemo } from "../../demo/server.ts";

/** Somebody with a browser: keeps cookies, follows no redirect. */
export interface Visitor {
  readonly cookies: Map<string, string>;
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Response>;
  readonly post: (path: string, fields: Record<string, string>, more?: RequestInit) => Promise<Response>;
  readonly send: (path: string, init: RequestInit) => Promise<Response>;
  readonly cookieHeader: () => string;
}

export function createVisitor(url: string): Visitor {
  const cookies = new Map<string, string>();
  const cookieHeader = () => [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");

  async function send(path: string, init: RequestInit): Promise<Response> {
    const headers = { accept: "text/html", cookie: cookieHeader(), ...(init.headers as object) };
    const response = await fetch(url + path, { redirect: "manual", ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name === undefined || value === undefined) continue;
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  }

  return {
    cookies,
    cookieHeader,
    send,
    get: (path, headers = {}) => send(path, { headers }),
    post: (path, fields, more = {}) =>
      send(path, {
        method: "POST",
        ...more,
        body: new URLSearchParams({ _token: cookies.get("demo_csrf") ?? "", ...fields }),
      }),
  };
}

/** A visitor who is already signed in. */
export async function signedIn(url: string, email: string): Promise<Visitor> {
  const visitor = createVisitor(url);
  await visitor.get("/login");
  await visitor.post("/login", { email, password: "demo" });
  return visitor;
}

/** A demo app on a free port that ends with the test. */
export async function demoFor(
  t: { teardown: (end: () => Promise<void>) => void },
  guiseJwks: string | null = null,
): Promise<Demo> {
  const demo = await startDemo({ port: 0, guiseJwks });
  t.teardown(() => demo.close());
  return demo;
}
