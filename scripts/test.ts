// `npm test`: makes sure that what the tests need is there, runs them all, and says in one line how they went.
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

const NEEDED = [
  { what: "Redis", names: ["redis-server"], variable: null, package: "redis-server" },
  {
    what: "Chromium",
    names: ["chromium", "chromium-browser", "google-chrome"],
    variable: "CHROMIUM",
    package: "chromium",
  },
  { what: "strace", names: ["strace"], variable: null, package: "strace" },
  {
    what: "libfaketime",
    names: [
      "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
      "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    ],
    variable: null,
    package: "faketime",
  },
  {
    what: "rsyslog with its module for Elasticsearch",
    names: [
      "/usr/lib/x86_64-linux-gnu/rsyslog/omelasticsearch.so",
      "/usr/lib/aarch64-linux-gnu/rsyslog/omelasticsearch.so",
    ],
    variable: null,
    package: "rsyslog-elasticsearch",
  },
  { what: "Go", names: ["go"], variable: null, package: "golang-go" },
  {
    what: "sprig",
    names: ["/usr/share/gocode/src/github.com/Masterminds/sprig"],
    variable: null,
    package: "golang-github-masterminds-sprig-dev",
  },
  {
    what: "Go's YAML",
    names: ["/usr/share/gocode/src/sigs.k8s.io/yaml"],
    variable: null,
    package: "golang-k8s-sigs-yaml-dev",
  },
] as const;

/** A whole path is looked for where it says, a name among the programs. */
function isThere(names: readonly string[]): boolean {
  const folders = (process.env.PATH ?? "").split(delimiter).concat("/usr/bin", "/usr/sbin");
  const among = (name: string) => folders.some((folder) => existsSync(join(folder, name)));
  return names.some((name) => (isAbsolute(name) ? existsSync(name) : among(name)));
}

/** Installs what is missing where that can be done without asking, and otherwise says how. */
function provide(): boolean {
  const missing = NEEDED.filter(
    (it) => !isThere(it.names) && (it.variable === null || process.env[it.variable] === undefined),
  );
  if (missing.length === 0) return true;
  const command = `apt-get install -y ${missing.map((it) => it.package).join(" ")}`;
  const canInstall = process.getuid?.() === 0 && isThere(["apt-get"]);
  if (!canInstall) {
    process.stderr.write(
      `The tests need ${missing.map((it) => it.what).join(" and ")}. On Debian or Ubuntu:\n\n  sudo ${command}\n\n`,
    );
    return false;
  }
  process.stderr.write(`Installing ${missing.map((it) => it.what).join(" and ")}: ${command}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync("apt-get", ["update", "-qq"], { stdio: "inherit", env });
  execFileSync("sh", ["-c", `${command} -qq`], { stdio: ["ignore", "ignore", "inherit"], env });
  return true;
}

interface Count {
  pass: number;
  fail: number;
}

/** Runs tap and passes its output on; the count is in its last comment. */
async function runTap(args: readonly string[]): Promise<{ readonly code: number; readonly count: Count }> {
  const tap = spawn("tap", ["--reporter=tap", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const count: Count = { pass: 0, fail: 0 };
  let rest = "";
  let failing = 0;
  tap.stdout.setEncoding("utf8");
  tap.stdout.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const total = /^# \{ total: \d+(?:, pass: (\d+))?(?:, fail: (\d+))?/.exec(line);
      if (total !== null) Object.assign(count, { pass: Number(total[1] ?? 0), fail: Number(total[2] ?? 0) });
      // Whole files that pass are one line; what fails is shown with all that it said.
      if (/^(?:ok|#|\s*\|.*\||-+\|)/.test(line)) process.stdout.write(`${line}\n`);
      else if (/^\s*not ok/.test(line)) failing = 60;
      if (failing > 0) {
        failing -= 1;
        process.stdout.write(`${line}\n`);
      }
    }
  });
  const code = await new Promise<number>((resolve) => {
    tap.once("close", (exit) => resolve(exit ?? 1));
  });
  return { code, count };
}

if (!provide()) {
  process.exitCode = 1;
} else {
  // The plugins that .taprc names have to be put together once after an install.
  execFileSync("tap", ["build"], { stdio: ["ignore", "ignore", "inherit"] });
  const { code, count } = await runTap(process.argv.slice(2));
  process.stdout.write(`${count.pass} passed, ${count.fail} failed\n`);
  process.exitCode = code === 0 && count.fail === 0 && count.pass > 0 ? 0 : 1;
}
