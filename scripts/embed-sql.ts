/**
 * Writes the SQL of packages/tidemark/src/schema into a module, so that nothing reads files at run time and bundlers need to
 * know nothing: the numbered migrations of `tables/`, and the functions of `functions/` in the order in which they call each other.
 *
 *   node scripts/embed-sql.ts           write it
 *   node scripts/embed-sql.ts --check   exit with 1 when it is not what the files give
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inOrderOfCalls, readFunctions } from "./sql/functions.ts";
import { readMigrations } from "./sql/migrations.ts";

export const schemaFolder: string = join(import.meta.dirname, "../packages/tidemark/src/schema");
export const generatedFile: string = join(schemaFolder, "sql.generated.ts");

/** The text of the module for a folder with `tables/` and `functions/`. */
export async function embedSql(folder: string): Promise<string> {
  const migrations = await readMigrations(join(folder, "tables"));
  const functions = inOrderOfCalls(await readFunctions(join(folder, "functions")));
  const migrationEntries = migrations.map(
    ({ version, name, breaking, text }) => `  {
    version: ${version},
    name: ${JSON.stringify(name)},
    breaking: ${breaking},
    text: ${literal(text)},
  },
`,
  );
  const functionEntries = functions.map(
    ({ name, text }) => `  {
    name: ${JSON.stringify(name)},
    text: ${literal(text)},
  },
`,
  );
  return `// DO NOT EDIT. Made from tables/ and functions/ by: npm run generate

export interface MigrationText {
  readonly version: number;
  readonly name: string;
  readonly breaking: boolean;
  readonly text: string;
}

export type FunctionName =${functions
    .map(({ name }) => `\n  | ${JSON.stringify(name)}`)
    .toSorted()
    .join("")};

export interface FunctionText {
  readonly name: FunctionName;
  readonly text: string;
}

export const migrationTexts: readonly MigrationText[] = [
${migrationEntries.join("")}];

/** A function comes after those it calls. */
export const functionTexts: readonly FunctionText[] = [
${functionEntries.join("")}];
`;
}

function literal(text: string): string {
  return `\`${text.replaceAll(/[\\`]|\$(?=\{)/g, String.raw`\$&`)}\``;
}

if (import.meta.main) {
  const text = await embedSql(schemaFolder);
  if (!process.argv.includes("--check")) {
    await writeFile(generatedFile, text);
  } else if ((await readFile(generatedFile, "utf8").catch(() => "")) !== text) {
    process.stderr.write(`${generatedFile} is not what tables/ and functions/ give. Run: npm run generate\n`);
    process.exitCode = 1;
  }
}
