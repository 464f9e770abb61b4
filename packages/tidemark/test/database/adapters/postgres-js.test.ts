import postgres from "postgres";
import { fromPostgresJs } from "../../../src/index.ts";
import { joinTransaction } from "../../../src/database/transaction-client.ts";
import { expect, test } from "../../support/test.ts";
import { recordWarnings, rejection } from "../open.ts";
import { openPostgresJs } from "./postgres-js.ts";
import { testAdapter } from "./suite.ts";

testAdapter("fromPostgresJs", openPostgresJs);

const select = "select 'text' as a_text, 1.50 as a_number";

async function selected(url: string, transform: NonNullable<postgres.Options<Record<string, never>>["transform"]>): Promise<unknown> {
  await using sql = Object.assign(postgres(url, { transform }), { [Symbol.asyncDispose]: () => sql.end() });
  return await sql.begin((tx) => joinTransaction(fromPostgresJs(tx), { queryTimeoutMs: 0, logger: recordWarnings().logger }).handlerQuery(select, []));
}

test("a handler's rows are past a transform of values", async ({ databaseUrl }) => {
  const found = await selected(databaseUrl, { value: { from: () => "something else" } });
  expect(found).toEqual({ rows: [{ a_text: "text", a_number: "1.50" }], rowCount: 1 });
});

test("a transform of rows that leaves nothing of them is refused", async ({ databaseUrl }) => {
  expect(await rejection(selected(databaseUrl, { row: { from: () => ({}) } }))).toMatchObject({ code: "INVALID_ARGUMENT", path: "sql" });
});
