import { HTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute";
import { IngressRoute } from "@kubernetes-models/traefik/traefik.io/v1alpha1/IngressRoute";
import { Middleware } from "@kubernetes-models/traefik/traefik.io/v1alpha1/Middleware";
import t, { type Test } from "tap";
import { parse } from "yaml";
import { split } from "../../../src/cli/split/split.ts";
import { runCommand } from "../../fixtures/command.ts";
import { frontConfig, frontFolder } from "../../fixtures/gateway/front.ts";
import { notOfMessage } from "./envoy-schema.ts";
import { ENVOY, notOf, TRAEFIK } from "./shapes.ts";

const APP = "http://127.0.0.1:8001";

function place(t: Test, headers: string, app = APP): string {
  const yaml = frontConfig(app).replace("headers: { when: impersonating }", `headers: ${headers}`);
  return frontFolder(t, yaml).config;
}

const SAFE = "{ when: impersonating, plain: false, user: Remote-User }";

t.test("a config whose app would believe what comes past the gateway is not split", async (t) => {
  for (const [headers, hint] of [
    ["{ when: impersonating }", /write `headers: \{ plain: false \}`/],
    ["{ when: always, plain: false }", /write `headers: \{ when: impersonating \}`/],
  ] as const) {
    const { code, out, err } = await runCommand(split, ["nginx", "-c", place(t, headers)]);
    t.match([code, out], [1, ""]);
    t.match(err, hint);
  }
});

t.test("words that it doesn't know are told", async (t) => {
  for (const [args, hint] of [
    [["squid"], /say one of nginx, haproxy/],
    [["nginx", "--listen", "x"], /a port is a number/],
    [["nginx", "--guise", "nowhere"], /--guise is HOST:PORT/],
    [["nginx", "--host", "a b"], /--host is a host's name/],
  ] as const) {
    const { code, err } = await runCommand(split, args);
    t.equal(code, 2);
    t.match(err, hint);
  }
});

async function printed(t: Test, kind: string, to = APP): Promise<string> {
  const args = [kind, "-c", place(t, SAFE, to), "--host", "app.example.com", "--guise", "guise.support:8000"];
  const { code, out, err } = await runCommand(split, args);
  t.equal(code, 0, err);
  return out;
}

t.test("every kind names the app, the gateway, the prefix, and each header of ours", async (t) => {
  for (const kind of ["nginx", "haproxy", "caddy", "apache", "traefik", "envoy", "httproute"]) {
    const block = await printed(t, kind);
    for (const word of ["app.example.com", "guise", "8001", "guise", "Remote-User"])
      t.match(block.toLowerCase(), word.toLowerCase(), `${kind}: ${word}`);
  }
});

/** A pattern as Go and RE2 read it. */
const pattern = (text: string) => new RegExp(text.replaceAll("[[:space:]]", "\\s"));
const OURS = ["guise=x", "guise_agent=1", "a=b; __Host-guise=y", "a=b;guise-here=z", "__Secure-guise-worn=1"];
const OTHERS = ["a=b", "guised=1", "my_guise=2", "x=guise", "guise"];

t.test("nginx, haproxy, caddy, apache: whose cookies and which pages go to the gateway", async (t) => {
  const patterns: Readonly<Record<string, readonly [cookie: RegExp, pages: RegExp]>> = {
    nginx: [/"~(\(\^\|.*)" 1;/, /"~(\^\/.*)" 1;/],
    haproxy: [/req\.fhdr\(cookie\) -m reg (.*)$/m, /^ *acl guise_pages path_beg (.*)$/m],
    caddy: [/header_regexp Cookie `(.*)`/, /@guisePages path \S+ (\S+)\*$/m],
    apache: [/SetEnvIf Cookie "(.*)" GUISE=1/, /SetEnvIf Request_URI "(.*)" GUISE=1/],
  };
  for (const [kind, [ofCookie, ofPages]] of Object.entries(patterns)) {
    const block = await printed(t, kind);
    const cookie = pattern(ofCookie.exec(block)?.[1] ?? "nothing at all");
    for (const it of OURS) t.ok(cookie.test(it), `${kind}: ${it}`);
    for (const it of OTHERS) t.notOk(cookie.test(it), `${kind}: ${it}`);
    const pages = new RegExp(`^(?:${ofPages.exec(block)?.[1] ?? "nothing at all"})`);
    t.ok(pages.test("/.guise/me"), kind);
    t.notOk(pages.test("/.guised"), kind);
  }
});

t.test("traefik: its own schema takes what it has one for, and no key is unknown", async (t) => {
  for (const to of [APP, "https://127.0.0.1:8443"]) {
    const block = parse(await printed(t, "traefik", to));
    t.same(notOf(TRAEFIK, block), []);
    for (const [name, spec] of Object.entries(block.http.middlewares as Record<string, { headers: object }>))
      t.equal(new Middleware({ metadata: { name }, spec }).validate(), undefined);
    const routers = Object.values(
      block.http.routers as Record<string, { rule: string; priority: number; service: string }>,
    );
    const routes = routers.map(({ rule: match, priority, service: name }) => ({
      ...{ match, priority, kind: "Rule" as const },
      services: [{ name, port: 80, passHostHeader: true }],
    }));
    t.equal(new IngressRoute({ metadata: { name: "guise" }, spec: { routes } }).validate(), undefined);
  }
});

t.test("envoy: every key is a field of its message, and of its kind", async (t) => {
  for (const to of [APP, "https://127.0.0.1:8443"])
    t.same(notOf(ENVOY, parse(await printed(t, "envoy", to))), []);
});

t.test("envoy: its own messages take the routes and the clusters", async (t) => {
  for (const to of [APP, "https://127.0.0.1:8443"]) {
    const { route_config, clusters } = parse(await printed(t, "envoy", to));
    t.same(notOfMessage("envoy.config.route.v3.RouteConfiguration", route_config), []);
    t.equal(clusters.length, 2);
    for (const it of clusters) t.same(notOfMessage("envoy.config.cluster.v3.Cluster", it), []);
  }
  const [route, cluster] = ["envoy.config.route.v3.Route", "envoy.config.cluster.v3.Cluster"];
  t.same(
    notOfMessage(route, {
      match: { prefix: "/", path: "/" },
      route: { cluster: 1, timeout: "soon" },
      rout: {},
    }),
    [
      ".match has more than one path_specifier",
      ".route.cluster is no string: 1",
      '.route.timeout is no google.protobuf.Duration: "soon"',
      ".rout is no field of envoy.config.route.v3.Route",
    ],
  );
  t.same(notOfMessage(cluster, { name: "a", type: "STRICT" }), ['.type is no DiscoveryType: "STRICT"']);
});

t.test("what isn't of a shape is told", (t) => {
  t.same(notOf(TRAEFIK, { http: { routers: { a: { rule: 1, srvice: "b" } }, services: {} } }), [
    ".http.routers.a.rule is not of its kind: 1",
    ".http.routers.a.srvice is no field",
    ".http.routers.a.service is missing",
  ]);
  t.same(notOf(ENVOY, { route_config: { virtual_hosts: [] }, clusters: [{ name: "a", type: "b" }] }), [
    '.clusters.0.type is not of its kind: "b"',
    ".clusters.0.load_assignment is missing",
  ]);
  t.end();
});

t.test("traefik: agents and our pages before everybody else, and forged headers off", async (t) => {
  const { http } = parse(await printed(t, "traefik"));
  const { "guise-gateway": gateway, "guise-app": app } = http.routers;
  t.ok(gateway.priority > app.priority);
  const cookie = pattern(/HeaderRegexp\(`Cookie`, `(.*)`\)\)$/.exec(gateway.rule)?.[1] ?? "");
  for (const it of OURS) t.ok(cookie.test(it), it);
  for (const it of OTHERS) t.notOk(cookie.test(it), it);
  t.strictSame(app.middlewares, ["guise-forged"]);
  t.match(http.middlewares["guise-forged"].headers.customRequestHeaders, {
    "X-Guise-User": "",
    X_Guise_User: "",
    "Remote-User": "",
  });
  t.strictSame(http.services["guise-app"].loadBalancer.servers, [{ url: APP }]);
});

t.test("envoy: the patterns are of whole values, and the last route is everybody's", async (t) => {
  const { route_config, clusters } = parse(await printed(t, "envoy"));
  const [pages, agents, app] = route_config.virtual_hosts[0].routes;
  const whole = (text: string) => new RegExp(`^(?:${text})$`);
  t.ok(whole(pages.match.safe_regex.regex).test("/.guise/jwks.json"));
  t.notOk(whole(pages.match.safe_regex.regex).test("/.guised"));
  const cookie = whole(agents.match.headers[0].string_match.safe_regex.regex);
  for (const it of OURS) t.ok(cookie.test(it), it);
  for (const it of OTHERS) t.notOk(cookie.test(it), it);
  t.equal(app.route.cluster, "guise_app");
  t.ok(app.request_headers_to_remove.includes("x-guise-assertion"));
  t.strictSame(
    clusters.map(({ name }: { name: string }) => name),
    ["guise_gateway", "guise_app"],
  );
});

t.test("httproute: a rule for our pages, one for agents, one for everybody", async (t) => {
  const object = parse(await printed(t, "httproute"));
  t.equal(new HTTPRoute(object).validate(), undefined, "Kubernetes' own schema takes it");
  const { kind, spec } = object;
  t.equal(kind, "HTTPRoute");
  const [pages, agents, everybody] = spec.rules;
  t.match(pages.matches, [{ path: { type: "PathPrefix", value: "/.guise" } }]);
  const cookie = new RegExp(agents.matches[0].headers[0].value);
  for (const it of OURS) t.ok(cookie.test(it), it);
  for (const it of OTHERS) t.notOk(cookie.test(it), it);
  t.match(everybody.backendRefs, [{ port: 8001 }]);
  t.ok(everybody.filters[0].requestHeaderModifier.remove.includes("X-Guise-User"));
});
