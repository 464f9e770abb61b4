// Builds @confluentinc/kafka-javascript from its sources into node_modules, for tests and benchmarks, where its addon cannot be downloaded.
// Run it with "npx node scripts/confluent-client.ts", apart from "npm ci", which removes it again. It takes some minutes, and Debian's packages
// g++, make, python3, libssl-dev, libsasl2-dev, zlib1g-dev, libzstd-dev and libcurl4-openssl-dev.
import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./run.ts";

const client = "@confluentinc/kafka-javascript";
/** Node.js as a package, for its headers: those of the version that runs this. */
const node = `node-${process.platform}-${process.arch}`;

function install(...names: readonly string[]): void {
  execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...names], { cwd: work, stdio: "inherit" });
}

const work = await mkdtemp(join(tmpdir(), "tidemark-confluent-"));
try {
  await writeFile(join(work, "package.json"), '{ "private": true }');
  const packages = join(work, "node_modules");
  install(`${client}@1.10.1`);
  const built = join(packages, client);
  // What it needs when it runs, beside it: this repository's own packages stay as they are.
  const needed = (await readdir(packages)).filter((name) => !name.startsWith(".") && name !== "@confluentinc");
  install("node-gyp@12.4.0", `${node}@${process.versions.node}`);
  // Linked to Debian's libraries. Otherwise it downloads the sources of each.
  const env = { ...process.env, CKJS_LINKING: "dynamic" };
  execFileSync(join(packages, ".bin", "node-gyp"), ["rebuild", `--nodedir=${join(packages, node)}`], { cwd: built, env, stdio: "inherit" });
  const target = join(root, "node_modules", client);
  await rm(target, { recursive: true, force: true });
  await mkdir(join(target, "node_modules"), { recursive: true });
  // Without the sources, and what was made of them on the way.
  const filter = (file: string): boolean => !/\/(?:librdkafka|obj\.target)$|\.[oa]$/.test(file);
  await cp(built, target, { recursive: true, verbatimSymlinks: true, filter });
  for (const name of needed) await cp(join(packages, name), join(target, "node_modules", name), { recursive: true });
} finally {
  await rm(work, { recursive: true, force: true });
}
console.log(`${client} is in node_modules. "npm ci" removes it.`);
