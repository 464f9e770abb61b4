import { createHash, randomUUID } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { isPGlite } from "../../src/arguments/pool-options.ts";
import { startPGlite } from "../../src/database/pglite-start.ts";
import { openEventStore } from "../../src/index.ts";
import { migratedSchemas, schemaName } from "./template.ts";

/**
 * A PGlite in whose first schemas a store is there already. To migrate one takes it 0.2 s of processor time, and 1 s the first time; files of
 * tests would do it 250 times. Its files are kept in the folder for temporary ones, under a name that changes with the schema.
 */
export async function startMigratedPGlite(): Promise<PGlite> {
  const image = join(tmpdir(), `tidemark-test-pglite-${schemaHash()}.tar`);
  if (!existsSync(image)) await makeImage(image);
  return await PGlite.create({ loadDataDir: new Blob([await readFile(image)]) });
}

async function makeImage(image: string): Promise<void> {
  const { instance, close } = await startPGlite(undefined);
  try {
    if (!isPGlite(instance) || !(instance instanceof PGlite)) throw new TypeError("this is another copy of PGlite");
    for (let n = 1; n <= migratedSchemas; n++) await (await openEventStore({ pool: instance, schema: schemaName(n) })).close();
    await instance.query("checkpoint");
    const draft = `${image}.${randomUUID()}`;
    await writeFile(draft, Buffer.from(await (await instance.dumpDataDir("none")).arrayBuffer()));
    await rename(draft, image);
  } finally {
    await close();
  }
}

function schemaHash(): string {
  const hash = createHash("sha256").update(import.meta.resolve("@electric-sql/pglite"));
  const source = join(import.meta.dirname, "../../src/schema");
  for (const file of globSync("**/*.{ts,sql}", { cwd: source }).toSorted()) hash.update(file).update(readFileSync(join(source, file)));
  return hash.digest("hex").slice(0, 16);
}
