import { test as base } from "../support/test.ts";
import { openDatabase } from "./open.ts";

export { describe, eventually, expect } from "../support/test.ts";

/** `database`: the library's own way to the test file's database. */
export const test = base.extend("database", { scope: "file" }, async ({ databaseUrl }, { onCleanup }) => {
  const database = await openDatabase(databaseUrl);
  onCleanup(() => database.close());
  return database;
});
