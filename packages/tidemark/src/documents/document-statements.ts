import type { Statement } from "../database/database.ts";

/** What is read of row `d`. */
export const documentColumns = "d._id as id, d._version::text as version, d._archived::text as archived, d.data::text as data";

/** Whether deleted documents, where they keep their rows, are among those that are read, or are all of them. */
export type DeletedDocuments = "include" | "only";

/** The condition on row `d`, after others. */
export function deletedSql(deleted: DeletedDocuments | undefined, kept: boolean): string {
  if (deleted === "include" || (deleted === undefined && !kept)) return "";
  return deleted === "only" ? " and d._archived" : " and not d._archived";
}

export interface DocumentStatements {
  /** $1 tenant, $2 id. Its row is as one of `getMany`. */
  readonly get: Statement;
  /** $1 tenant, $2 ids with U+001F between. Of an id without a document comes a row without an id. */
  readonly getMany: Statement;
}

const known = new Map<string, DocumentStatements>();
const mostKnown = 1_000;

/** The statements for a table or view. StoredSnapshot, since who reads a document often asks for its collection anew. */
export function documentStatements(from: string, deleted: string): DocumentStatements {
  const kept = known.get(from + deleted);
  if (kept) return kept;
  if (known.size === mostKnown) known.clear();
  const get = lookUpSql(from, deleted, "pg_catalog.string_to_table($2, '')");
  const getMany = lookUpSql(from, deleted, "pg_catalog.string_to_table($2, pg_catalog.chr(31))");
  const statements = { get: statement("get_document", get), getMany: statement("get_documents", getMany) };
  known.set(from + deleted, statements);
  return statements;
}

/**
 * Looks each id up in the index. Sessions keep this plan, also one that was made while the table was a page, which a scan reads faster; they would
 * scan all that has come since. So they get no choice: `wanted` is of the id and stands behind an outer join, so that the rows of the table
 * can only be found for one id after the other, and the planner takes the function to return a thousand ids. It costs two microseconds. Only of
 * a table that was vacuumed while it was empty is a scan cheaper still: one plan that was made then scans until the table is analysed again.
 */
function lookUpSql(from: string, deleted: string, ids: string): string {
  return `
select d.wanted as id, d._version::text as version, d._archived::text as archived, d.data::text as data
  from ${ids} as k (id)
  left join lateral (
    select t._partition, t._id, t._version, t._archived, t.data, k.id as wanted from ${from} as t
  ) as d on d._partition = $1 and d._id = k.id${deleted}`;
}

/** A statement for one question, planned for it. */
export function question(name: string, text: string): Statement {
  return { ...statement(name, text), unprepared: true };
}

function statement(name: string, text: string): Statement {
  return { name: `tidemark_${name}`, text, uncast: text.replaceAll("::text as", " as") };
}
