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
    /** `@tidemark/studio`. */
    readonly studioTarball: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync(inRoot("packages/tidemark/dist/index.js"))) throw new Error("packages/tidemark/dist/index.js is missing. Run: npm run build");
  const folder = await mkdtemp(join(tmpdir(), "tidemark-pack-"));
  const { file, files } = await pack("tidemark", folder);
  project.provide("tarball", file);
  project.provide("packedFiles", files);
  project.provide("studioTarball", (await pack("@tidemark/studio", folder)).file);
  return () => rm(folder, { recursive: true });
}

async function pack(workspace: string, folder: string): Promise<{ readonly file: string; readonly files: readonly string[] }> {
  const output = await outputOf(npm(), "pack", "--json", `--workspace=${workspace}`, `--pack-destination=${folder}`);
  const [packed]: { filename: string; files: { path: string }[] }[] = JSON.parse(output);
  if (packed === undefined) throw new Error(`npm pack printed no package:\n${output}`);
  return { file: join(folder, packed.filename), files: packed.files.map(({ path }) => path) };
}
