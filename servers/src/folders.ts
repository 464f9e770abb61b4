import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { chown, lchown, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { hostname, tmpdir, userInfo } from "node:os";
import { basename, join } from "node:path";
import type { Account } from "./account.ts";

/** Every folder of ours names the user, so that one user's files are never taken for another's. */
const prefix = join(tmpdir(), `tidemark-${userInfo().username.replaceAll(/\W/g, "_")}-`);

/** Names the machine: process ids mean nothing in another container that shares the temporary folder. */
const machine = digest(hostname());
const serverPrefix = `${prefix}server-${machine}-`;

/**
 * Kept folders are made anew each day: systems clean their temporary folder file by file after a few days, and what is
 * left of a folder then breaks in ways nobody understands.
 */
const keptPrefix = `${prefix}kept-`;
const today = Math.floor(Date.now() / 86_400_000);

/** A folder for one server. Its name holds the process that started it, so that a later one can tell it is stale. */
export async function createServerFolder(account: Account, parent: string = tmpdir()): Promise<string> {
  return ownedFolder(`${join(parent, basename(serverPrefix))}${process.pid}-`, account);
}

/**
 * The folder kept under `key`, made by `fill` when there is none yet. It appears under its name complete or not at all;
 * of several processes that make it at once, one wins and all use that one.
 */
export async function keptFolder(key: string, account: Account, fill: (folder: string) => Promise<void>): Promise<string> {
  const kept = `${keptPrefix}${today}-${digest(key)}`;
  if (!existsSync(kept)) {
    const draft = await ownedFolder(`${kept}-draft-`, account);
    try {
      await fill(draft);
      await rename(draft, kept).catch((error: unknown) => {
        if (!existsSync(kept)) throw error;
      });
    } finally {
      await removeFolder(draft);
    }
  }
  // Anyone may put something under this name into a shared temporary folder: what is executed from it must be our own.
  const { uid: owner } = await stat(kept);
  const expected = account.uid ?? process.getuid?.();
  if (expected !== undefined && owner !== expected)
    throw new Error(`${kept} belongs to user ${owner}, not to ${expected}. Remove it, or set TMPDIR to a folder of your own.`);
  return kept;
}

/** Ends servers whose process was killed too hard to do it itself, and removes their folders and those kept too long. */
export async function removeStaleFolders(): Promise<void> {
  for (const entry of await readdir(tmpdir())) {
    const folder = join(tmpdir(), entry);
    if (folder.startsWith(keptPrefix) && leadingNumber(folder.slice(keptPrefix.length)) < today - 2) await removeFolder(folder);
    if (!folder.startsWith(serverPrefix) || isRunning(leadingNumber(folder.slice(serverPrefix.length)))) continue;
    const postmaster = postmasterOf(folder);
    if (postmaster !== undefined) process.kill(postmaster, "SIGQUIT");
    await removeFolder(folder);
  }
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
}

/** Gives a folder and all in it to the server's account. */
export async function handOver(folder: string, { uid, gid }: Account): Promise<void> {
  if (uid === undefined || gid === undefined) return;
  const entries = await readdir(folder, { recursive: true });
  await Promise.all([folder, ...entries.map((entry) => join(folder, entry))].map((path) => lchown(path, uid, gid)));
}

async function ownedFolder(start: string, { uid, gid }: Account): Promise<string> {
  const folder = await mkdtemp(start);
  if (uid !== undefined && gid !== undefined) await chown(folder, uid, gid);
  return folder;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** The server that still runs in this folder. A pid in an old file may by now be someone else's, so its command is asked. */
function postmasterOf(folder: string): number | undefined {
  const file = join(folder, "data", "postmaster.pid");
  if (!existsSync(file)) return undefined;
  const pid = leadingNumber(readFileSync(file, "utf8"));
  const inProc = `/proc/${pid}/cmdline`;
  const command = existsSync(inProc)
    ? readFileSync(inProc, "utf8")
    : (spawnSync("ps", ["-ww", "-o", "command=", "-p", `${pid}`], { encoding: "utf8" }).stdout ?? "");
  return command.includes(folder) ? pid : undefined;
}

function leadingNumber(text: string): number {
  return Number.parseInt(text, 10);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
