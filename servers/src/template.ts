import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Account } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { handOver, keptFolder } from "./folders.ts";

/**
 * Fills `folder` with `data`, a new database cluster, and returns its superuser's password.
 *
 * initdb takes seconds, so it runs once; each server gets a copy. The password is random, because a superuser can run
 * programs and any user of the machine can reach the port.
 */
export async function copyTemplate(folder: string, binaries: Binaries, account: Account): Promise<string> {
  const template = await keptFolder(`template ${binaries.banner}`, account, (draft) => initialise(draft, binaries, account));
  await cp(join(template, "data"), join(folder, "data"), { recursive: true });
  await handOver(join(folder, "data"), account);
  return readFile(join(template, "password"), "utf8");
}

/** Has the write-ahead log of a new database cluster in another folder, as `initdb --waldir` does. */
export async function moveLog(data: string, logFolder: string, account: Account): Promise<void> {
  const log = join(data, "pg_wal");
  await cp(log, logFolder, { recursive: true });
  await handOver(logFolder, account);
  await rm(log, { recursive: true });
  await symlink(logFolder, log);
}

async function initialise(folder: string, { initdb }: Binaries, account: Account): Promise<void> {
  const password = join(folder, "password");
  await writeFile(password, randomBytes(12).toString("hex"), { mode: 0o600 });
  await handOver(folder, account);
  const options = ["--username=postgres", `--pwfile=${password}`, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"];
  await promisify(execFile)(initdb, ["-D", join(folder, "data"), ...options], { ...account, cwd: folder });
}
