import type { Statement } from "./database.ts";

const texts = { cast: new WeakMap<Statement, string>(), uncast: new WeakMap<Statement, string>() };

/**
 * The text as it is sent. The statement's name stands in it, so that `pg_stat_statements`, `pg_stat_activity` and the server's log show
 * the name that the sources have. Behind the first words, since PostgreSQL 18 leaves out what comes before them;
 * adapters tell what a statement does by `insert into` and `delete from`.
 *
 * @param columns - `"uncast"`: as `Statement.uncast` says, where there is such a text.
 */
export function textOf(statement: Statement, columns: "cast" | "uncast"): string {
  const known = texts[columns].get(statement);
  if (known !== undefined) return known;
  const text = ((columns === "uncast" ? statement.uncast : undefined) ?? statement.text).replace(/insert into|delete from|\w+/, `$& /* ${statement.name} */`);
  texts[columns].set(statement, text);
  return text;
}
