import { openPGliteDatabase } from "../../src/database/pglite.ts";
import { checkServer } from "../../src/schema/check-server.ts";
import { migrate } from "../../src/schema/migrate.ts";
import { migrations } from "../../src/schema/migrations.ts";
import { verify } from "../../src/schema/verify.ts";
import { expect, test } from "./test.ts";

test("an embedded database is migrated by the same text, by several stores at once", async () => {
  const database = await openPGliteDatabase({ source: undefined, queryTimeoutMs: 30_000 });
  try {
    const schema = `we"ird schema`;
    const applied = await Promise.all([migrate(database, schema), migrate(database, schema)]);
    expect(applied.flat()).toHaveLength(migrations.length + 1);
    await verify(database, schema);
    expect(await checkServer(database, schema)).toMatchObject({ inRecovery: false, transactionIsolation: "read committed" });
  } finally {
    await database.close();
  }
});
