import type { Call, Queryable, TextRow } from "./database.ts";

/** Sends calls one after the other, until one fails, and rejects with what that one says of it. */
export async function sendInTurn(queryable: Queryable, calls: readonly Call[]): Promise<readonly (readonly TextRow[])[]> {
  const answers: (readonly TextRow[])[] = [];
  for (const { statement, values, explain } of calls) {
    try {
      answers.push(await queryable.query(statement, values));
    } catch (error) {
      throw explain ? explain(error) : error;
    }
  }
  return answers;
}
