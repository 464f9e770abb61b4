import type { Database, Session } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { indexName } from "../../documents/collection-index.ts";
import { indexSql } from "../../documents/collection-sql.ts";
import { quotedTable, tableName } from "../../documents/collection.ts";
import type { DefinedDocumentProjection } from "../defined-projection.ts";

/**
 * Creates the indexes that the table of a version lacks which was built without them, and has the table analysed. In a plain transaction:
 * nobody but its builder writes there, and so nobody is waited for.
 *
 * @param leaseMs - How long the server lets it sit idle: whoever takes over from a process that stands still needs the table.
 */
export async function createBuiltIndexes(database: Database, schema: string, projection: DefinedDocumentProjection, leaseMs: number): Promise<void> {
  const create = async (session: Session): Promise<void> => {
    await session.execute("set local lock_timeout = 0; set local statement_timeout = 0");
    for (const index of projection.indexes) {
      const name = `${quoteIdentifier(schema)}.${quoteIdentifier(indexName(tableName(projection), index, projection.deletes))}`;
      const [found] = await session.query({ name: "tidemark_find_index", text: "select pg_catalog.to_regclass($1)::oid::text as id" }, [name]);
      if (found?.["id"] == null) await session.execute(indexSql(schema, projection, index), { timeoutMs: 0 });
    }
    await session.execute(`analyze ${quotedTable(schema, projection)}`, { timeoutMs: 0 });
  };
  await database.transaction(create, { idleTimeoutMs: leaseMs });
}
