import { testWithoutSchema } from "../support/test.ts";
import { openDatabase } from "./open.ts";

export { describe, eventually, expect } from "../support/test.ts";

/**
 * `database`: the library's own way to the test file's database.
 * `schema`: the name of one that is not there.
 */
export const test = testWithoutSchema.extend("database", { scope: "file" }, async ({ databaseUrl }, { onCleanup }) => {
  const database = await openDatabase(databaseUrl);
  onCleanup(() => database.close());
  return database;
});
