// What `npm pack` runs before and after. Before: `dist` gets JavaScript, since Node strips no types below node_modules, and package.json
// becomes the package's own, without what only the repository needs. After: package.json is the repository's again.
import { execFileSync } from "node:child_process";
import { cpSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MANIFEST = `${ROOT}package.json`;
const KEPT = `${ROOT}package.json.kept`;
/** The oldest Node that the JavaScript runs on; bin/guise says the same. */
const OLDEST = ">=24";

function emit(): void {
  rmSync(`${ROOT}dist`, { recursive: true, force: true });
  execFileSync(`${ROOT}node_modules/.bin/tsc`, ["-p", "tsconfig.package.json"], {
    cwd: ROOT,
    stdio: "inherit",
  });
  // The browser's scripts and styles go as they are, over nothing that was emitted.
  for (const path of globSync("**/*.{js,css}", { cwd: `${ROOT}src` }))
    cpSync(`${ROOT}src/${path}`, `${ROOT}dist/${path}`, { force: false, errorOnExist: true });
  // The compiler turns imports; the files of threads are named by an address.
  for (const path of globSync("dist/**/*.js", { cwd: ROOT })) {
    const text = readFileSync(`${ROOT}${path}`, "utf8");
    const turned = text.replaceAll(/new URL\("(\.[^"]*)\.ts"/g, 'new URL("$1.js"');
    if (turned !== text) writeFileSync(`${ROOT}${path}`, turned);
  }
}

/** package.json of the package. Throws where an earlier run was cut off and left the repository's own aside. */
function rewriteManifest(): void {
  const manifest = JSON.parse(readFileSync(MANIFEST, "utf8"));
  if (manifest.scripts === undefined)
    throw new Error("package.json is a package's own already: `git checkout package.json`, and pack again");
  for (const name of ["scripts", "devDependencies", "allowScripts", "private"]) delete manifest[name];
  renameSync(MANIFEST, KEPT);
  writeFileSync(MANIFEST, `${JSON.stringify({ ...manifest, engines: { node: OLDEST } }, null, 2)}\n`);
}

const [step] = process.argv.slice(2);
if (step === "before") {
  emit();
  rewriteManifest();
} else if (step === "after") {
  renameSync(KEPT, MANIFEST);
  rmSync(`${ROOT}dist`, { recursive: true, force: true });
} else throw new Error("`node scripts/package.ts before` or `after`, which `npm pack` runs");
