import { randomUUID } from "node:crypto";
import { mkdirSync, realpathSync, renameSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { StoreLockedError } from "../errors/opening.ts";
import { createLockFile, type Holder, ownerOf, readHolder, removeOwn, writeDraft } from "./folder-lock-file.ts";
import { birthOf, lifeOf } from "./folder-lock-holder.ts";
import { sendHeartbeats, isStill } from "./folder-heartbeat.ts";

export interface FolderLock {
  /** The folder's path without symbolic links. */
  readonly folder: string;
  /**
   * Looks whether it is still this one's, where that is more than a second ago: a process that stood still (a paused container, SIGSTOP) was
   * taken for dead, and goes on where it was.
   *
   * @throws {@link StoreLockedError} — from then on each time.
   */
  check(): void;
  /** Whether it is this one's, as far as `check` has found. */
  readonly lost: boolean;
  release(): void;
}

/** Far less than the lock has to be still for before it is taken over. */
const checkEveryMs = 1_000;

/**
 * Locks a folder for this process, with the file `<folder>.lock` beside it: two embedded databases on one folder destroy it,
 * and PGlite does not look. The lock of a process that is dead is taken over; a living owner's never. A process in another
 * container cannot be seen from here: its lock is taken over once it was not touched for `stillMs`.
 *
 * @throws {@link StoreLockedError} — it is open elsewhere, in this process too.
 */
export async function lockFolder(folder: string, stillMs = 20_000): Promise<FolderLock> {
  const parent = dirname(resolve(folder));
  mkdirSync(parent, { recursive: true });
  // One folder has one lock, by whatever path it is reached.
  const path = existingPath(folder) ?? join(realpathSync(parent), basename(resolve(folder)));
  const lockFile = `${path}.lock`;
  const holder = await take(lockFile, path, stillMs);
  const stop = sendHeartbeats(lockFile, holder.token);
  let checkedAt = performance.now();
  let lost: StoreLockedError | undefined;
  return {
    folder: path,
    check() {
      if (lost) throw lost;
      const now = performance.now();
      if (now - checkedAt < checkEveryMs) return;
      const owner = ownerOf(lockFile);
      if (owner?.token === holder.token) {
        checkedAt = now;
        return;
      }
      lost = new StoreLockedError(path, lockFile, owner ?? { pid: 0, host: "unknown", command: "unknown" }, "taken");
      throw lost;
    },
    get lost() {
      return lost !== undefined;
    },
    release() {
      stop();
      drop(holder);
    },
  };
}

function existingPath(folder: string): string | undefined {
  try {
    return realpathSync(folder);
  } catch {
    return undefined;
  }
}

/** The lock files of this thread's, by their tokens. */
const held = new Map<string, string>();

function keep(lockFile: string, { token }: Holder): void {
  if (held.size === 0) process.on("exit", dropAll);
  held.set(token, lockFile);
}

function drop({ token }: Holder): void {
  const lockFile = held.get(token);
  if (lockFile === undefined) return;
  held.delete(token);
  if (held.size === 0) process.off("exit", dropAll);
  removeOwn(lockFile, token);
}

function dropAll(): void {
  for (const [token, lockFile] of held) removeOwn(lockFile, token);
}

async function take(lockFile: string, folder: string, stillMs: number): Promise<Holder> {
  const mine: Holder = {
    pid: process.pid,
    host: hostname(),
    command: process.argv.slice(0, 2).join(" "),
    startedAt: new Date().toISOString(),
    birth: birthOf("self"),
    beats: true,
    token: randomUUID(),
  };
  for (;;) {
    if (createLockFile(lockFile, mine)) break;
    const other = await readHolder(lockFile);
    if (other === undefined) continue;
    const life = lifeOf(other);
    if (life === "alive") throw new StoreLockedError(folder, lockFile, other);
    if (life === "unseen" && !(await isStill(lockFile, stillMs))) {
      // It may have changed because the holder has let it go.
      if ((await readHolder(lockFile))?.token === other.token) throw new StoreLockedError(folder, lockFile, other, "elsewhere");
      continue;
    }
    if (await takeOver(lockFile, folder, other, mine, stillMs)) break;
  }
  keep(lockFile, mine);
  return mine;
}

/**
 * Replaces the lock of a dead holder. Several starters may see the same dead holder: the one that gets the lock on taking over
 * looks again and replaces the file in one step, so that no starter removes a lock which a living process has just taken. That
 * lock is one like the other, with the same rules, so that a crash in here is no special case.
 */
async function takeOver(lockFile: string, folder: string, dead: Holder, mine: Holder, stillMs: number): Promise<boolean> {
  const claimFile = `${lockFile}.takeover`;
  let claim: Holder;
  try {
    claim = await take(claimFile, folder, stillMs);
  } catch (error) {
    if (!(error instanceof StoreLockedError)) throw error;
    await delay(10);
    return false;
  }
  try {
    if ((await readHolder(lockFile))?.token !== dead.token) return false;
    const draft = writeDraft(lockFile, mine);
    renameSync(draft, lockFile);
    return true;
  } finally {
    drop(claim);
  }
}
