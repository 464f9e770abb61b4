/**
 * Writes the migrations of packages/tidemark/src/schema/sql into a module, so that nothing reads files at run time and
 * bundlers need to know nothing.
 *
 *   node scripts/embed-sql.ts           write it
 *   node scripts/embed-sql.ts --check   exit with 1 when it is not what the files give
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const schemaFolder = join(import.meta.dirname, "../packages/tidemark/src/schema");
export const sqlFolder: string = join(schemaFolder, "sql");
export const generatedFile: string = join(schemaFolder, "migrations.generated.ts");

/** The text of the module for a folder of migrations: `001-store/01-streams.sql` is the first part of migration 1, `store`. */
export async function embedSql(folder: string): Promise<string> {
  const names = await sortedNames(folder, /^\d{3}-[a-z0-9]+(-[a-z0-9]+)*$/);
  const entries = await Promise.all(names.map((name, index) => embedMigration(folder, name, index + 1)));
  return `// DO NOT EDIT. Made from sql/ by: npm run generate

export interface MigrationText {
  readonly version: number;
  readonly name: string;
  readonly breaking: boolean;
  readonly text: string;
}

export const migrationTexts: readonly MigrationText[] = [
${entries.join("")}];
`;
}

async function embedMigration(folder: string, name: string, version: number): Promise<string> {
  if (Number(name.slice(0, 3)) !== version) throw new Error(`${join(folder, name)} should be number ${version}: migrations are numbered from 1 without gaps.`);
  const files = await sortedNames(join(folder, name), /^\d{2}-[a-z0-9]+(-[a-z0-9]+)*\.sql$/);
  // A checkout on Windows may have changed the line ends; the hash of a migration must not depend on that.
  const texts = await Promise.all(files.map(async (file) => (await readFile(join(folder, name, file), "utf8")).replaceAll("\r\n", "\n")));
  if (texts.length === 0) throw new Error(`${join(folder, name)} holds no .sql files.`);
  const text = texts.map((part) => `${part.trimEnd()}\n`).join("\n");
  return `  {
    version: ${version},
    name: ${JSON.stringify(name.slice(4))},
    breaking: ${/^--! breaking\s*\n/.test(text)},
    text: \`${text.replaceAll(/[\\`]|\$(?=\{)/g, String.raw`\$&`)}\`,
  },
`;
}

/** File names in the order of their characters, whatever the locale. A name that does not fit is an error, never left out. */
async function sortedNames(folder: string, pattern: RegExp): Promise<readonly string[]> {
  const names = (await readdir(folder)).sort();
  const odd = names.find((name) => !pattern.test(name));
  if (odd !== undefined) throw new Error(`${join(folder, odd)} does not fit ${pattern}.`);
  return names;
}

if (import.meta.main) {
  const text = await embedSql(sqlFolder);
  if (!process.argv.includes("--check")) {
    await writeFile(generatedFile, text);
  } else if ((await readFile(generatedFile, "utf8").catch(() => "")) !== text) {
    process.stderr.write(`${generatedFile} is not what sql/ gives. Run: npm run generate\n`);
    process.exitCode = 1;
  }
}
