import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { MissingDependencyError } from "../errors/opening.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { type FolderLock, lockFolder } from "./folder-lock.ts";
import { type GivenPGlite, isPGliteInstance, type PGliteInstance } from "./pglite-client.ts";
import { keepImage, readImage } from "./pglite-image.ts";

export interface StartedPGlite {
  readonly instance: PGliteInstance;
  /** Closes what was started here; an instance of the user's own stays open. */
  close(): Promise<void>;
}

export async function startPGlite(source: string | GivenPGlite | undefined): Promise<StartedPGlite> {
  if (typeof source === "object") {
    if (!isPGliteInstance(source)) throw new InvalidArgumentError("pool", "is not a PGlite: it lacks query, exec, transaction or close.");
    return { instance: source, close: async () => {} };
  }
  if (source === undefined) {
    const instance = await createDatabase(undefined);
    return { instance, close: () => instance.close() };
  }
  const lock = await lockFolder(source);
  try {
    const instance = await openFolder(lock.folder);
    guardStatements(instance, lock);
    return {
      instance,
      async close() {
        try {
          // Closing writes into the folder.
          if (isOwn(lock)) await instance.close();
        } finally {
          lock.release();
        }
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Each statement looks at the lock when its turn has come: two databases that write to one folder destroy it. */
function guardStatements(instance: PGliteInstance, lock: FolderLock): void {
  const enterConflictQueue = instance._runExclusiveQuery?.bind(instance);
  if (!enterConflictQueue) return;
  instance._runExclusiveQuery = (work) =>
    enterConflictQueue(async () => {
      lock.check();
      return await work();
    });
}

function isOwn(lock: FolderLock): boolean {
  try {
    lock.check();
  } catch (error) {
    if (!lock.lost) throw error;
  }
  return !lock.lost;
}

/**
 * A crash while the files of a new database are written leaves half of them. The file `<folder>.starting` is there until all
 * are, so that the next start begins again; such a folder cannot hold events yet.
 */
async function openFolder(folder: string): Promise<PGliteInstance> {
  const driver = await importPGlite();
  const starting = `${folder}.starting`;
  if (existsSync(join(folder, "PG_VERSION")) && !existsSync(starting)) return await driver.PGlite.create(folder);

  if (!existsSync(starting) && existsSync(folder) && readdirSync(folder).length > 0) {
    throw new InvalidArgumentError("url", `names the folder ${JSON.stringify(folder)}, which holds files but no database. Name an empty or a new one.`);
  }
  writeFileSync(starting, "");
  rmSync(folder, { recursive: true, force: true });
  const instance = await createDatabase(folder);
  rmSync(starting);
  return instance;
}

/** From the kept image where there is one, else from nothing, which takes seconds; then the image is kept. */
async function createDatabase(folder: string | undefined): Promise<PGliteInstance> {
  const driver = await importPGlite();
  const target = folder === undefined ? {} : { dataDir: folder };
  // Only whole images come back: PGlite meets a damaged one outside of this call, where it ends the process.
  const image = await readImage();
  if (image) return await driver.PGlite.create({ ...target, loadDataDir: image });
  const instance = await driver.PGlite.create(target);
  await keepImage(await instance.dumpDataDir("none"));
  return instance;
}

async function importPGlite(): Promise<{ readonly PGlite: typeof PGlite }> {
  try {
    return await import("@electric-sql/pglite");
  } catch (error) {
    throw new MissingDependencyError("@electric-sql/pglite", "A store without a server", { cause: error });
  }
}
