// Builds packages/tidemark into its dist: JavaScript, declarations and maps. Then packages/studio, and what it shows in the browser.
import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { withAbsoluteLinks } from "./links.ts";
import { inRoot, run, tools } from "./run.ts";

const dist = inRoot("packages/tidemark/dist");

await rm(dist, { recursive: true, force: true });
const code = await run(tools.tsc, ["-p", "packages/tidemark"]);
if (code !== 0) process.exit(code);
// Only the next build would need it, and it would be published.
await rm(join(dist, ".tsbuildinfo"), { force: true });

// npm makes a package's command executable when it installs it; from a workspace it is linked as it lies here.
const command = join(dist, "cli", "main.js");
if (existsSync(command)) await chmod(command, 0o755);

// npm packs what lies beside package.json. Links that are relative in the repository lead nowhere on the registry.
for (const page of ["README.md", "CHANGELOG.md"]) await writeFile(inRoot(`packages/tidemark/${page}`), withAbsoluteLinks(await readFile(inRoot(page), "utf8")));

const studio = inRoot("packages/studio/dist");
await rm(studio, { recursive: true, force: true });
const studioCode = await run(tools.tsc, ["-p", "packages/studio"]);
if (studioCode !== 0) process.exit(studioCode);
await build({ configFile: inRoot("packages/studio/vite.config.ts") });
