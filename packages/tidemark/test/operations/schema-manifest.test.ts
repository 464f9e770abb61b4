import { schemaObjects } from "../../src/operations/doctor/schema-objects.ts";
import { openDatabase } from "../schema/open.ts";
import { expect, test } from "../support/test.ts";

/** Run it with -u after a migration. Not in a loop over versions: the doctor's test finds nothing wrong on each of them. */
test("the manifest is what the migrations make of a schema", async ({ store, databaseUrl, schema }) => {
  await store.highWaterMark();
  const database = await openDatabase(databaseUrl);
  try {
    const objects = await schemaObjects(database, schema);
    const lines = Object.entries(objects).map(([object, definition]) => `  ${JSON.stringify(object)}: ${JSON.stringify(definition)},`);
    const text = `// Written by test/operations/schema-manifest.test.ts with -u. Do not edit.\n\n/** What the migrations of this version make of a schema. */\nexport const schemaManifest: Readonly<Record<string, string>> = {\n${lines.join("\n")}\n};\n`;
    await expect(text).toMatchFileSnapshot("../../src/operations/doctor/schema-manifest.generated.ts");
  } finally {
    await database.close();
  }
});
