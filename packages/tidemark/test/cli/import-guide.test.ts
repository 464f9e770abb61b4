import { follow } from "../../../../docs/follow.ts";
import { expect, test } from "../support/test.ts";

test("every command of the guide to bringing data prints what it says", { timeout: 600_000 }, async ({ databaseUrl }) => {
  const url = new URL(databaseUrl);
  url.searchParams.set("options", "-c search_path=public");
  expect(await follow("docs/guides/bring-your-data.md", { DATABASE_URL: url.href })).toBe(9);
});
