import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { inRoot, npm } from "../run.ts";
import { outputOf } from "./output.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The package as `npm publish` would send it. */
    readonly tarball: string;
    readonly packedFiles: readonly string[];
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync(inRoot("packages/tidemark/dist/index.js"))) throw new Error("packages/tidemark/dist/index.js is missing. Run: npm run build");
  const folder = await mkdtemp(join(tmpdir(), "tidemark-pack-"));
  const output = await outputOf(npm(), "pack", "--json", "--workspace=tidemark", `--pack-destination=${folder}`);
  const [packed]: { filename: string; files: { path: string }[] }[] = JSON.parse(output);
  if (packed === undefined) throw new Error(`npm pack printed no package:\n${output}`);
  project.provide("tarball", join(folder, packed.filename));
  project.provide(
    "packedFiles",
    packed.files.map(({ path }) => path),
  );
  return () => rm(folder, { recursive: true });
}
