import type { Statement } from "../database/database.ts";

/** What is read of row `d`. */
export const documentColumns = "d._id as id, d._version::text as version, d.data::text as data";

export interface DocumentStatements {
  /** $1 tenant, $2 id. */
  readonly get: Statement;
  /** $1 tenant, $2 ids with U+001F between. Each is looked up in the index, whatever the planner believes of the table. */
  readonly getMany: Statement;
}

const known = new Map<string, DocumentStatements>();
const mostKnown = 1_000;

/** The statements for a table or view. StoredSnapshot, since who reads a document often asks for its collection anew. */
export function documentStatements(from: string): DocumentStatements {
  const kept = known.get(from);
  if (kept) return kept;
  if (known.size === mostKnown) known.clear();
  const get = `select ${documentColumns} from ${from} as d where d._partition = $1 and d._id = $2`;
  const getMany = `
select ${documentColumns}
  from pg_catalog.unnest(pg_catalog.string_to_array($2, pg_catalog.chr(31))) as k (id)
 cross join lateral (select * from ${from} as d where d._partition = $1 and d._id = k.id offset 0) as d`;
  const statements = { get: statement("get_document", get), getMany: statement("get_documents", getMany) };
  known.set(from, statements);
  return statements;
}

/** A statement for one question, planned for it. */
export function question(name: string, text: string): Statement {
  return { ...statement(name, text), unprepared: true };
}

function statement(name: string, text: string): Statement {
  return { name: `tidemark_${name}`, text, uncast: text.replaceAll("::text as", " as") };
}
