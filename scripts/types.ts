// Checks the types of everything that has a tsconfig.json, tests and scripts included.
import { existsSync } from "node:fs";
import { inRoot, run, tools } from "./run.ts";

const projects = [
  "packages/tidemark",
  "packages/tidemark/test",
  "packages/studio",
  "packages/studio/src/client",
  "packages/studio/test",
  "servers",
  "scripts",
  "bench",
  "torture",
  "models",
  "examples",
  "docs",
];

/** By the sources of what it imports. The last build, which its own project is built with, may be older than they are. */
const bySources = ["--customConditions", "source", "--rootDir", inRoot(".")];

for (const project of projects.filter((folder) => existsSync(inRoot(folder, "tsconfig.json")))) {
  // A composite project would leave its state in dist, which is published.
  const code = await run(tools.tsc, [
    "-p",
    project,
    "--noEmit",
    "--composite",
    "false",
    "--incremental",
    "false",
    ...(project === "packages/studio" ? bySources : []),
  ]);
  if (code !== 0) {
    console.error(`The types of ${project} are wrong.`);
    process.exitCode = code;
  }
}
