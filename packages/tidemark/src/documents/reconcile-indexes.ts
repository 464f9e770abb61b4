import { buildIndex, buildLackingIndexes, type IndexBuilds, validIndexes } from "../database/concurrent-indexes.ts";
import type { Database } from "../database/database.ts";
import type { IndexWatch } from "../database/index-build-watch.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { IndexRefusedError } from "../errors/read-models.ts";
import { type Collection, quotedTable, tableName } from "./collection.ts";
import { indexName, type ValidIndex } from "./collection-index.ts";
import { indexSql } from "./collection-sql.ts";
import { writePath } from "./document-path.ts";
import { duplicateValues } from "./duplicate-values.ts";

/**
 * Builds the indexes that a collection lacks, beside its writers. What a killed build left behind is dropped first.
 *
 * @throws {@link IndexRefusedError}
 */
export async function reconcileIndexes(database: Database, schema: string, collection: Collection, watch: IndexWatch): Promise<void> {
  const table = quotedTable(schema, collection);
  const nameOf = (index: ValidIndex): string => indexName(tableName(collection), index, collection.deletes);
  const builds: IndexBuilds<ValidIndex> = {
    table,
    async lacking(session) {
      const valid = await validIndexes(session, table);
      return (collection.indexes ?? []).filter((index) => !valid.has(nameOf(index)));
    },
    build: (session, index, build) =>
      buildIndex(
        session,
        {
          name: `${quoteIdentifier(schema)}.${quoteIdentifier(nameOf(index))}`,
          sql: (building) => indexSql(schema, collection, index, building),
          async refused(error, last) {
            const duplicates = await duplicateValues(session, schema, collection, index);
            // A document that repeated a value may be another one by now.
            if (duplicates.length === 0 && !last) return undefined;
            return new IndexRefusedError(collection, index.paths.map(writePath), duplicates, { cause: error });
          },
        },
        build,
      ),
  };
  await buildLackingIndexes(database, builds, watch);
}
