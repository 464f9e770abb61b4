import { examineSchema } from "../../src/operations/doctor/examine-schema.ts";
import { openDatabase } from "../schema/open.ts";
import { expect, test } from "../support/test.ts";

test("a schema without a store is one finding, which says how to make one", async ({ databaseUrl, absentSchema }) => {
  const database = await openDatabase(databaseUrl);
  try {
    expect(await examineSchema(database, absentSchema)).toMatchObject([
      { code: "object-missing", what: `The schema ${JSON.stringify(absentSchema)} holds no store.`, mend: expect.stringContaining("tidemark migrate up") },
    ]);
  } finally {
    await database.close();
  }
});
