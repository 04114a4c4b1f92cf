// What tests need that npm doesn't bring. A test file says so in its first line, `// Needs: Go, strace`;
// Redis, Chromium and the openssl command need no word.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";

export interface Program {
  /** A whole path is looked for where it says, a name among the programs. One of them is enough. */
  readonly names: readonly string[];
  /** Names another place of it. */
  readonly variable?: string;
  /** As Debian and Ubuntu call it. */
  readonly packages: readonly string[];
  /** As npm's registry calls it, with its version: too large for everybody's node_modules, so it has a folder of its own. */
  readonly npm?: string;
}

/** Below this a package of npm's registry is installed once, for all checkouts. */
const npmFolder = (spec: string) =>
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "guise-tests", spec);
const UNLEASH = "unleash-server@8.2.0";
export const unleashFolder = npmFolder(UNLEASH);

const library = (path: string) =>
  ["x86_64", "aarch64"].map((machine) => `/usr/lib/${machine}-linux-gnu/${path}`);
const goSource = (path: string) => [`/usr/share/gocode/src/${path}`];

export const PROGRAMS: Readonly<Record<string, Program>> = {
  Redis: { names: ["redis-server"], packages: ["redis-server"] },
  Chromium: {
    names: ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"],
    variable: "CHROMIUM",
    packages: ["chromium-headless-shell"],
  },
  OpenSSL: { names: ["openssl"], packages: ["openssl"] },
  Go: { names: ["go"], packages: ["golang-go"] },
  sprig: {
    names: goSource("github.com/Masterminds/sprig"),
    packages: ["golang-github-masterminds-sprig-dev"],
  },
  "YAML for Go": { names: goSource("sigs.k8s.io/yaml"), packages: ["golang-k8s-sigs-yaml-dev"] },
  Caddy: { names: ["caddy"], packages: ["caddy"] },
  Prometheus: { names: ["promtool"], packages: ["prometheus"] },
  libfaketime: { names: library("faketime/libfaketime.so.1"), packages: ["faketime"] },
  MariaDB: { names: ["mariadbd"], packages: ["mariadb-server"] },
  PHP: { names: ["php"], packages: ["php-cli"] },
  PostgreSQL: { names: ["/usr/lib/postgresql"], packages: ["postgresql"] },
  Django: {
    names: ["/usr/lib/python3/dist-packages/django"],
    packages: ["python3-django", "python3-jwt", "python3-cryptography"],
  },
  "Django with add-ons for signing in": {
    names: ["/usr/lib/python3/dist-packages/social_django"],
    packages: ["python3-django", "python3-django-impersonate", "python3-social-django", "python3-jose"],
  },
  PyJWT: { names: ["/usr/lib/python3/dist-packages/jwt"], packages: ["python3-jwt", "python3-cryptography"] },
  "rsyslog for Elasticsearch": {
    names: library("rsyslog/omelasticsearch.so"),
    packages: ["rsyslog", "rsyslog-elasticsearch"],
  },
  "JWT for Ruby": { names: ["/usr/lib/ruby/vendor_ruby/jwt.rb"], packages: ["ruby", "ruby-jwt"] },
  WordPress: {
    names: ["/usr/share/wordpress"],
    packages: [
      "wordpress",
      "wordpress-theme-twentytwentythree",
      "mariadb-server",
      "php-cli",
      "php-mysql",
      "php-curl",
      "php-xml",
      "php-mbstring",
    ],
  },
  Spring: {
    names: ["/usr/share/java/spring3-web.servlet.jar"],
    packages: [
      "default-jdk-headless",
      "libspring-web-servlet-java",
      "libspring-context-java",
      "libjetty9-java",
      "libjackson2-databind-java",
    ],
  },
  Mono: {
    names: ["mcs"],
    packages: ["mono-mcs", "libmono-system-web4.0-cil", "libmono-system-web-extensions4.0-cil"],
  },
  Express: { names: ["/usr/share/nodejs/express"], packages: ["node-express"] },
  nginx: { names: ["/usr/sbin/nginx"], packages: ["nginx-light"] },
  HAProxy: { names: ["/usr/sbin/haproxy"], packages: ["haproxy"] },
  Apache: { names: ["/usr/sbin/apache2"], packages: ["apache2"] },
  "Apache with OpenID Connect": {
    names: ["/usr/lib/apache2/modules/mod_auth_openidc.so"],
    packages: ["apache2", "libapache2-mod-auth-openidc"],
  },
  Laravel: {
    names: ["/usr/share/php/Illuminate"],
    packages: [
      "php-laravel-framework",
      "php-guzzlehttp-guzzle",
      "php-cli",
      "php-sqlite3",
      "php-mbstring",
      "php-xml",
    ],
  },
  MediaWiki: {
    names: ["/usr/share/mediawiki"],
    packages: ["mediawiki", "php-cli", "php-sqlite3", "php-intl", "php-mbstring", "php-xml"],
  },
  DokuWiki: {
    names: ["/usr/share/dokuwiki"],
    packages: ["dokuwiki", "postgresql", "php-cli", "php-pgsql", "php-xml", "php-mbstring"],
  },
  phpMyAdmin: {
    names: ["/usr/share/phpmyadmin"],
    packages: ["phpmyadmin", "mariadb-server", "php-cli", "php-mysql", "php-mbstring", "php-xml"],
  },
  Rack: {
    names: ["rackup"],
    packages: ["ruby", "ruby-rack", "ruby-webrick"],
  },
  Redmine: {
    names: ["/usr/share/redmine"],
    packages: ["redmine", "redmine-sqlite", "ruby-jwt", "ruby-webrick"],
  },
  Zabbix: {
    names: ["/usr/share/zabbix"],
    packages: [
      ...["zabbix-frontend-php", "zabbix-server-mysql", "mariadb-server", "apache2", "libapache2-mod-php"],
      ...["php-cli", "php-mysql", "php-gd", "php-bcmath", "php-xml", "php-mbstring", "php-ldap"],
    ],
  },
  strace: { names: ["strace"], packages: ["strace"] },
  Unleash: {
    names: [join(unleashFolder, "node_modules/unleash-server/package.json")],
    packages: [],
    npm: UNLEASH,
  },
};

/** For a package of npm's registry with all that it needs, ms. */
const NPM_TIMEOUT = 600_000;

/** What every test may use. */
export const EVERYWHERE = ["Redis", "Chromium", "OpenSSL"];

/** What a test file needs, by the names of the table. */
export function needsOf(file: string): readonly string[] {
  const [line = ""] = readFileSync(file, "utf8").split("\n", 1);
  const named = /^\/\/ Needs: (.+)$/.exec(line)?.[1] ?? "";
  return named === "" ? EVERYWHERE : [...EVERYWHERE, ...named.replace(/\.$/, "").split(", ")];
}

/** Which of these programs are not here. Throws at a name that the table doesn't have. */
function missing(names: Iterable<string>): readonly string[] {
  const folders = (process.env.PATH ?? "").split(delimiter).concat("/usr/bin", "/usr/sbin");
  const isThere = (name: string) =>
    isAbsolute(name) ? existsSync(name) : folders.some((folder) => existsSync(join(folder, name)));
  return [...new Set(names)].filter((name) => {
    const program = PROGRAMS[name];
    if (program === undefined) throw new Error(`scripts/programs.ts does not know what "${name}" is`);
    if (program.variable !== undefined && process.env[program.variable] !== undefined) return false;
    return !program.names.some(isThere);
  });
}

/** Whether all that a test file needs is here. */
export function hasAll(file: string): boolean {
  return missing(needsOf(file)).length === 0;
}

/**
 * Installs what is missing for these files where that can be done without asking: of npm's registry, and as root on Debian or Ubuntu.
 * Otherwise says which file misses what, and gives false.
 */
export function provide(files: readonly string[]): boolean {
  const lacking = missing(files.flatMap(needsOf));
  for (const name of lacking) {
    const users = files.filter((file) => needsOf(file).includes(name));
    const which = users.length > 5 ? `${users.length} files` : users.join(", ");
    process.stderr.write(`${name} is missing, for ${which}\n`);
  }
  const ofNpm = lacking.flatMap((name) => PROGRAMS[name]?.npm ?? []);
  const ofDebian = lacking.filter((name) => PROGRAMS[name]?.npm === undefined);
  return ofNpm.every(installOfNpm) && (ofDebian.length === 0 || installOfDebian(ofDebian));
}

function installOfDebian(names: readonly string[]): boolean {
  const packages = names.flatMap((name) => PROGRAMS[name]?.packages ?? []).join(" ");
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    process.stderr.write(`\nOn Debian or Ubuntu:\n\n  sudo apt-get install -y ${packages}\n\n`);
    return false;
  }
  process.stderr.write(`Installing: ${packages}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    execFileSync("apt-get", ["update", "-qq"], { stdio: "inherit", env });
    execFileSync("sh", ["-c", `apt-get install -y -qq ${packages}`], {
      stdio: ["ignore", "ignore", "inherit"],
      env,
    });
    return true;
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  }
}

/** Runs no script of theirs. The folder is there whole or not at all, also where two install it at once. */
function installOfNpm(spec: string): boolean {
  const folder = npmFolder(spec);
  const making = `${folder}.${process.pid}`;
  process.stderr.write(`Installing ${spec} of npm's registry in ${folder}\n`);
  mkdirSync(making, { recursive: true });
  const words = [
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--omit=optional",
    "--loglevel=error",
  ];
  try {
    execFileSync("npm", [...words, "--prefix", making, spec], {
      cwd: making,
      stdio: ["ignore", "ignore", "inherit"],
      timeout: NPM_TIMEOUT,
    });
    if (!existsSync(folder)) renameSync(making, folder);
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(
      `\n${spec} could not be had of npm's registry (${why}).\nWhere it can be reached:\n\n  npm ${words.join(" ")} --prefix ${folder} ${spec}\n\n`,
    );
    return false;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}
