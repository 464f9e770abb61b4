import pg from "pg";

/** The bare driver on the table of a collection: a prepared query by the key, the driver's own parser of JSON. */
export interface BareDocuments {
  get(id: string): Promise<object | undefined>;
  close(): Promise<void>;
}

interface DocumentRow {
  readonly _id: string;
  /** A text, by the driver's own parsers. */
  readonly _version: string;
  /** Parsed by the driver. */
  readonly data: object;
}

export function openBareDocuments(url: string, table: string): BareDocuments {
  const pool = new pg.Pool({ connectionString: url });
  const text = `select _id, _version, data from ${table} where _partition = '' and _id = $1`;
  return {
    async get(id) {
      const { rows } = await pool.query<DocumentRow>({ name: "document", text, values: [id] });
      const [row] = rows;
      return row && { ...row.data, _id: row._id, _version: Number(row._version) };
    },
    close: () => pool.end(),
  };
}
