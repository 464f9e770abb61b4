import { byBytes } from "../append/byte-order.ts";
import type { Session, Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { quoteLiteral } from "../schema/render.ts";
import { type DocumentKey, quotedTable } from "./documents/collection.ts";
import { CollectionTable, type DocumentWrite, type StoredDocument } from "./documents/collection-table.ts";
import type { DefinedDocumentProjection } from "./defined-projection.ts";

/** The documents of an inline projection, which appends of any process change at the same time. */
export class InlineDocuments {
  readonly #table: CollectionTable;
  readonly #lockAbsent: Statement;

  constructor(schema: string, projection: DefinedDocumentProjection) {
    this.#table = new CollectionTable(schema, projection);
    this.#lockAbsent = {
      name: "tidemark_lock_absent_documents",
      text: `select ${quoteIdentifier(schema)}.lock_absent_documents(${quoteLiteral(quotedTable(schema, projection))}::regclass, $1, $2)::text`,
    };
  }

  /** Those that exist, locked against every other append until the transaction ends; so are those that do not. */
  async lock(session: Session, keys: readonly DocumentKey[]): Promise<readonly StoredDocument[]> {
    const found = await this.#table.lock(session, keys);
    const existing = new Set(found.map(keyOf));
    const absent = new Map(keys.filter((key) => !existing.has(keyOf(key))).map((key) => [keyOf(key), key]));
    if (absent.size === 0) return found;
    const sorted = [...absent.values()].sort((a, b) => byBytes(keyOf(a), keyOf(b)));
    const joined = (item: (key: DocumentKey) => string): string => sorted.map((key) => `${item(key)}\u001e`).join("");
    await session.query(this.#lockAbsent, [joined(({ tenant }) => tenant), joined(({ id }) => id)]);
    // In a new statement: somebody else may have created them while this one waited.
    return [...found, ...(await this.#table.lock(session, sorted))];
  }

  write(session: Session, writes: readonly DocumentWrite[]): Promise<void> {
    return this.#table.write(session, writes);
  }
}

/** Names hold no control characters. */
function keyOf({ tenant, id }: DocumentKey): string {
  return `${tenant}\u001f${id}`;
}
