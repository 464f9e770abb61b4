import { join } from "node:path";
import { readText, sortedNames } from "./sorted-files.ts";

export interface MigrationFolder {
  readonly version: number;
  readonly name: string;
  /** Whether its first line is `--! breaking`. */
  readonly breaking: boolean;
  readonly text: string;
}

/** The migrations of a folder, in order: `001-store/01-streams.sql` is the first part of migration 1, `store`. */
export async function readMigrations(folder: string): Promise<readonly MigrationFolder[]> {
  const names = await sortedNames(folder, /^\d{3}-[a-z0-9]+(-[a-z0-9]+)*$/);
  return Promise.all(names.map((name, index) => readMigration(folder, name, index + 1)));
}

async function readMigration(folder: string, name: string, version: number): Promise<MigrationFolder> {
  if (Number(name.slice(0, 3)) !== version) throw new Error(`${join(folder, name)} should be number ${version}: migrations are numbered from 1 without gaps.`);
  const files = await sortedNames(join(folder, name), /^\d{2}-[a-z0-9]+(-[a-z0-9]+)*\.sql$/);
  if (files.length === 0) throw new Error(`${join(folder, name)} holds no .sql files.`);
  const texts = await Promise.all(files.map((file) => readText(join(folder, name, file))));
  const text = texts.map((part) => `${part.trimEnd()}\n`).join("\n");
  return { version, name: name.slice(4), breaking: /^--! breaking\s*\n/.test(text), text };
}
