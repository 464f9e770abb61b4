import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { types } from "node:util";

/** What a lock file says of its holder. `token` is unique for each time that a lock was taken. */
export interface Holder {
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

/** False: there is one already. A link appears with its whole content or not at all, which creating a file and then writing it does not. */
export function createLockFile(lockFile: string, holder: Holder): boolean {
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

export function writeDraft(lockFile: string, holder: Holder): string {
  const draft = `${lockFile}.${holder.token}`;
  writeFileSync(draft, JSON.stringify(holder));
  return draft;
}

/** Undefined: the file is gone. A file that stays unreadable was left by a machine that lost its power: its holder is dead. */
export async function readHolder(lockFile: string): Promise<Holder | undefined> {
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

/** Not one that another process took over meanwhile. */
export function removeOwn(lockFile: string, token: string): void {
  if (ownerOf(lockFile)?.token === token) rmSync(lockFile, { force: true });
}

/** Undefined where the file is gone, or was left half written. */
export function ownerOf(lockFile: string): Holder | undefined {
  try {
    return parse(readFileSync(lockFile, "utf8"));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Node's own errors are of another realm than this module where a test runner has loaded it into a sandbox, as jest does. */
export function codeOf(error: unknown): unknown {
  return types.isNativeError(error) && "code" in error ? error.code : undefined;
}
