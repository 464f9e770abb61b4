import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const packageFolder = join(import.meta.dirname, "../..");

/** Functions that the other version calls with one argument more. */
const changed = ["append_batch", "append_many", "take_shard", "move_checkpoint", "high_water_mark"];
/** Functions that take their first two arguments, of one type, the other way round. */
const swapped = ["append_one", "append_singles"];
const callers = ["append/statements.ts", "runtime/statements.ts", "feed/mark.ts", "consumers/consumer-info-statement.ts", "projections/projection-info.ts"];

export interface OtherVersion extends AsyncDisposable {
  /** Its `index.ts`. */
  readonly entry: string;
}

/**
 * A later version of this package: a copy of the sources with a migration more, in which functions have other arguments, or
 * the same in another order. So neither version can work with the other's functions. It lies inside the package, where it
 * finds the same dependencies.
 */
export async function createOtherVersion(): Promise<OtherVersion> {
  const cache = join(packageFolder, ".cache");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "other-version-"));
  await cp(join(packageFolder, "src"), folder, { recursive: true });
  await edit(join(folder, "schema/sql.generated.ts"), addMigration);
  await edit(join(folder, "schema/sql.generated.ts"), changeFunctions);
  for (const file of callers) await edit(join(folder, file), changeCalls);
  return { entry: join(folder, "index.ts"), [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(file, "utf8");
  const after = change(before);
  if (after === before) throw new Error(`${file} is the same in both versions.`);
  await writeFile(file, after);
}

function addMigration(text: string): string {
  const later = '  { version: 2, name: "later", breaking: false, text: `alter table :"schema".consumers add column later text;` },\n';
  return text.replace("];\n\n/** A function comes after", () => `${later}];\n\n/** A function comes after`);
}

function changeFunctions(text: string): string {
  const more = `:"schema"\\.(?:${changed.join("|")})\\(`;
  const head = `(create function :"schema"\\.(?:${swapped.join("|")})\\(\\s*)(\\w+)( text, )(\\w+)`;
  return text
    .replaceAll(new RegExp(`(?<!create function )${more}`, "g"), (call) => `${call}7, `)
    .replaceAll(new RegExp(`create function ${more}`, "g"), (call) => `${call}p_later integer, `)
    .replaceAll(new RegExp(head, "g"), "$1$4$3$2");
}

function changeCalls(text: string): string {
  const call = (names: readonly string[]): string => `functionName\\([\\w.#]+, "(?:${names.join("|")})"\\)\\}\\(`;
  return text
    .replaceAll(new RegExp(call(changed), "g"), (found) => `${found}7, `)
    .replaceAll(new RegExp(`(${call(swapped)})\\$\\{placeholders\\(1, `, "g"), (_, found: string) => `${found}$2, $1, \${placeholders(3, `);
}
