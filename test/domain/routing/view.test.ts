import t from "tap";
import { plainViews, views } from "../../../src/domain/routing/view.ts";

const table: readonly (readonly [path: string, expected: readonly string[]])[] = [
  ["/", ["/"]],
  ["/admin", ["/admin"]],
  ["/admin/", ["/admin/", "/admin"]],
  ["/admin;a=b/x", ["/admin;a=b/x", "/admin/x"]],
  ["/;a/admin", ["/;a/admin", "/admin"]],
  ["/admin%3Ba/x", ["/admin%3Ba/x", "/admin/x"]],
  ["/admin/;x", ["/admin/;x", "/admin/", "/admin"]],
  ["/admin.json", ["/admin.json", "/admin"]],
  ["/admin.", ["/admin.", "/admin"]],
  ["/admin%20", ["/admin%20", "/admin"]],
  ["/admin.json.", ["/admin.json.", "/admin.json", "/admin"]],
  ["/admin.json;a/", ["/admin.json;a/", "/admin.json/", "/admin.json", "/admin"]],
  ["/v1.2/users", ["/v1.2/users"]],
  ["/admin%2Fx", ["/admin%2Fx", "/admin/x"]],
  [
    "/pub%2F%2Fadmin;a/",
    [
      "/pub%2F%2Fadmin;a/",
      "/pub%2F%2Fadmin/",
      "/pub%2F%2Fadmin",
      "/pub/admin;a/",
      "/pub/admin/",
      "/pub/admin",
    ],
  ],
  ["/.env", ["/.env"]],
];

for (const [path, expected] of table) {
  t.test(`${path} is read as ${expected.join(" ")}`, async (t) => t.same(views(path), expected));
}

t.test("plain views keep an extension", async (t) =>
  t.same(plainViews("/export.csv/"), ["/export.csv/", "/export.csv"]),
);

t.test("an ordinary path is one view", async (t) => t.same(plainViews("/a/b"), ["/a/b"]));
