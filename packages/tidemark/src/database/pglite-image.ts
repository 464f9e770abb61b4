import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * A new embedded database takes seconds, nearly all of them initdb's. Its result is always the same, so the first one is
 * kept as a tar file in the user's cache folder and later ones start from it. The file ends with the SHA-256 of what stands
 * before, so that a damaged one is never loaded. The cache is only ever a gain: no failure of it reaches the caller.
 */
const digestBytes = 32;

/** The kept image; undefined where there is none that is whole. */
export async function readImage(): Promise<Blob | undefined> {
  try {
    const file = await readFile(imageFile());
    const tar = file.subarray(0, -digestBytes);
    return digest(tar).equals(file.subarray(-digestBytes)) ? new Blob([new Uint8Array(tar)]) : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps an image, in one step: a reader sees the old file, the whole new one, or none. */
export async function keepImage(tar: Blob): Promise<void> {
  try {
    const file = imageFile();
    const draft = `${file}.${randomUUID()}`;
    await mkdir(cacheFolder(), { recursive: true });
    const bytes = Buffer.from(await tar.arrayBuffer());
    try {
      await writeFile(draft, Buffer.concat([bytes, digest(bytes)]));
      await rename(draft, file);
    } finally {
      await rm(draft, { force: true });
    }
  } catch {
    // Read-only or full: every start takes as long as the first.
  }
}

function digest(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

/** Another version of PGlite can hold another PostgreSQL, whose files differ. */
function imageFile(): string {
  return join(cacheFolder(), `pglite-${pgliteVersion()}.tar`);
}

function pgliteVersion(): string {
  const entry = fileURLToPath(import.meta.resolve("@electric-sql/pglite"));
  const manifest: { readonly version: string } = JSON.parse(readFileSync(join(entry, "..", "..", "package.json"), "utf8"));
  return manifest.version;
}

function cacheFolder(): string {
  const { TIDEMARK_CACHE_DIR: chosen, XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = process.env;
  if (chosen) return chosen;
  if (process.platform === "win32" && local) return join(local, "tidemark", "cache");
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "tidemark");
  return join(xdg || join(homedir(), ".cache"), "tidemark");
}
