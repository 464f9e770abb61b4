import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const own = ["packages", "torture", "scripts"];
const left = new Set(["node_modules", "dist", "runs", ".git"]);

/** A copy of the sources, in which a mutant can live. */
export interface Tree extends AsyncDisposable {
  readonly folder: string;
  apply(patch: string): Promise<void>;
  revert(patch: string): Promise<void>;
}

/** Copies what is ours and links what is installed. */
export async function copyTree(root: string): Promise<Tree> {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-mutants-"));
  for (const name of own) await cp(join(root, name), join(folder, name), { recursive: true, filter: (path) => !left.has(basename(path)) });
  for (const name of ["package.json", "tsconfig.base.json"]) await cp(join(root, name), join(folder, name));
  await link(join(root, "node_modules"), join(folder, "node_modules"), { tidemark: "../packages/tidemark", torture: "../torture" });
  const nested = join(root, "packages", "tidemark", "node_modules");
  await symlink(nested, join(folder, "packages", "tidemark", "node_modules"));

  const patch = async (file: string, ...flags: string[]): Promise<void> => {
    await run("git", ["apply", ...flags, file], { cwd: folder });
    await run(process.execPath, ["scripts/embed-sql.ts"], { cwd: folder });
  };
  return {
    folder,
    apply: (file) => patch(file),
    revert: (file) => patch(file, "--reverse"),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function link(from: string, to: string, instead: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from)) await symlink(instead[name] ?? join(from, name), join(to, name));
}
