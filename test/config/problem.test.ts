import t from "tap";
import { formatProblem, inOrder, type Problem, writePath } from "../../src/config/problem.ts";

const problem = (line: number, column: number, message = "is wrong"): Problem => ({
  file: "routes.config.yaml",
  line,
  column,
  path: "routes[2].path",
  message,
});

t.test("a problem says where and what", async (t) => {
  t.equal(formatProblem(problem(12, 5)), "routes.config.yaml:12:5 routes[2].path: is wrong");
  t.equal(formatProblem({ ...problem(1, 1), path: "" }), "routes.config.yaml:1:1: is wrong");
});

t.test("paths are written as people write them", async (t) => {
  t.equal(writePath(["routes", 2, "path"]), "routes[2].path");
  t.equal(writePath(["owners", "status-page", "http"]), "owners.status-page.http");
  t.equal(writePath(["users", "map", "17"]), 'users.map["17"]');
  t.equal(writePath([]), "");
});

t.test("problems read from top to bottom, each once", async (t) => {
  const sorted = inOrder([problem(3, 1), problem(1, 9), problem(1, 2), problem(3, 1)]);
  t.same(
    sorted.map(({ line, column }) => [line, column]),
    [
      [1, 2],
      [1, 9],
      [3, 1],
    ],
  );
});
