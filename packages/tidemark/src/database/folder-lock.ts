import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, readlinkSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { types } from "node:util";
import { StoreLockedError } from "../errors/opening.ts";
import { beat, isStill } from "./folder-pulse.ts";

/** What a lock file says of its holder. `token` is unique for each time that a lock was taken. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly command: string;
  readonly startedAt: string;
  /** Tells two processes with one pid apart, where the system can: see `birthOf`. */
  readonly birth: string | undefined;
  /** It touches the file while it lives. Left out: it does not, as of a release before this one. */
  readonly beats?: boolean;
  readonly token: string;
}

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
 * container cannot be seen from here: its lock is taken over once nobody touched it for `stillMs`.
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
  const stop = beat(lockFile, holder.token);
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

/** Not one that somebody took over meanwhile. */
function removeOwn(lockFile: string, token: string): void {
  if (ownerOf(lockFile)?.token === token) rmSync(lockFile, { force: true });
}

/** Undefined where the file is gone, or was left half written. */
function ownerOf(lockFile: string): Holder | undefined {
  try {
    return parse(readFileSync(lockFile, "utf8"));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
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
    if (create(lockFile, mine)) break;
    const other = await read(lockFile);
    if (other === undefined) continue;
    const life = lifeOf(other);
    if (life === "alive") throw new StoreLockedError(folder, lockFile, other);
    if (life === "unseen" && !(await isStill(lockFile, stillMs))) {
      // It may have changed because the holder has let it go.
      if ((await read(lockFile))?.token === other.token) throw new StoreLockedError(folder, lockFile, other, "elsewhere");
      continue;
    }
    if (await takeOver(lockFile, folder, other, mine, stillMs)) break;
  }
  keep(lockFile, mine);
  return mine;
}

/**
 * Replaces the lock of a dead holder. Several starters may see the same dead holder: whoever has the lock on taking over
 * looks again and replaces the file in one step, so that nobody removes a lock which a living process has just taken. That
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
    if ((await read(lockFile))?.token !== dead.token) return false;
    const draft = writeDraft(lockFile, mine);
    renameSync(draft, lockFile);
    return true;
  } finally {
    drop(claim);
  }
}

/** A link appears with its whole content or not at all, which creating a file and then writing it does not. */
function create(lockFile: string, holder: Holder): boolean {
  const draft = writeDraft(lockFile, holder);
  try {
    linkSync(draft, lockFile);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    return createWithoutLinks(lockFile, holder);
  } finally {
    rmSync(draft, { force: true });
  }
}

function createWithoutLinks(lockFile: string, holder: Holder): boolean {
  try {
    writeFileSync(lockFile, JSON.stringify(holder), { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

function writeDraft(lockFile: string, holder: Holder): string {
  const draft = `${lockFile}.${holder.token}`;
  writeFileSync(draft, JSON.stringify(holder));
  return draft;
}

/** Undefined: the file is gone. A file that stays unreadable was left by a machine that lost its power: its holder is dead. */
async function read(lockFile: string): Promise<Holder | undefined> {
  for (let attempt = 0; ; attempt++) {
    let text: string;
    try {
      text = readFileSync(lockFile, "utf8");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
    const holder = parse(text);
    if (holder) return holder;
    if (attempt === 20) return { pid: 0, host: hostname(), command: "unknown", startedAt: "", birth: undefined, token: text };
    await delay(10);
  }
}

function parse(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value instanceof Object && "pid" in value && "token" in value ? (value as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * `"unseen"`: in another container of this machine, or one that had this container's name before it, so that only its signs of
 * life can tell. Where not even they can, the holder lives.
 */
function lifeOf({ pid, host, birth, beats = false }: Holder): "alive" | "dead" | "unseen" {
  const here = birthOf("self");
  const apart = birth !== undefined && here !== undefined && placeOf(birth) !== placeOf(here);
  if (apart && beats && (host === hostname() || bootOf(birth) === bootOf(here))) return "unseen";
  if (apart || host !== hostname()) return "alive";
  if (pid === 0) return "dead";
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to another user.
    if (codeOf(error) === "ESRCH") return "dead";
  }
  const now = birthOf(pid);
  return birth === undefined || now === undefined || birth === now ? "alive" : "dead";
}

/**
 * Linux: the machine and the process namespace, then the run of the system and the tick of it at which the process began.
 * A pid alone is used again, and means another process in another container.
 */
function birthOf(pid: number | "self"): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${machine()}/${readlinkSync("/proc/self/ns/pid")} ${boot} ${started}`;
  } catch {
    return undefined;
  }
}

function machine(): string {
  try {
    return readFileSync("/etc/machine-id", "utf8").trim();
  } catch {
    return "";
  }
}

function placeOf(birth: string): string {
  return birth.split(" ")[0] ?? "";
}

function bootOf(birth: string): string {
  return birth.split(" ")[1] ?? "";
}

/** Node's own errors are of another realm than this module where a test runner has loaded it into a sandbox, as jest does. */
function codeOf(error: unknown): unknown {
  return types.isNativeError(error) && "code" in error ? error.code : undefined;
}
