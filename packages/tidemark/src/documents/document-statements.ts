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
  /** $1 tenant, $2 id. */
  readonly get: Statement;
  /** $1 tenant, $2 ids with U+001F between. Each is looked up in the index, whatever the planner believes of the table. */
  readonly getMany: Statement;
}

const known = new Map<string, DocumentStatements>();
const mostKnown = 1_000;

/** The statements for a table or view. StoredSnapshot, since who reads a document often asks for its collection anew. */
export function documentStatements(from: string, deleted: string): DocumentStatements {
  const kept = known.get(from + deleted);
  if (kept) return kept;
  if (known.size === mostKnown) known.clear();
  const get = `select ${documentColumns} from ${from} as d where d._partition = $1 and d._id = $2${deleted}`;
  const getMany = `
select ${documentColumns}
  from pg_catalog.unnest(pg_catalog.string_to_array($2, pg_catalog.chr(31))) as k (id)
 cross join lateral (select * from ${from} as d where d._partition = $1 and d._id = k.id${deleted} offset 0) as d`;
  const statements = { get: statement("get_document", get), getMany: statement("get_documents", getMany) };
  known.set(from + deleted, statements);
  return statements;
}

/** A statement for one question, planned for it. */
export function question(name: string, text: string): Statement {
  return { ...statement(name, text), unprepared: true };
}

function statement(name: string, text: string): Statement {
  return { name: `tidemark_${name}`, text, uncast: text.replaceAll("::text as", " as") };
}
