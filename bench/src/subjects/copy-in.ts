import pg from "pg";

interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** A simple query of one or more `COPY … FROM STDIN`, each answered with its text. */
class CopyIn extends pg.Query {
  readonly #texts: string[];

  constructor(command: string, texts: readonly string[], done: (error: Error | undefined) => void) {
    super(command, [], done);
    this.#texts = [...texts];
  }

  /** Called by the driver whenever the server is ready for rows. */
  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFromChunk(Buffer.from(this.#texts.shift() ?? ""));
    connection.endCopyFrom();
  }
}

/** Copies `rows` into one table after the other, in one transaction. Columns are separated by tabs, rows end with \n. */
export async function copyIn(pool: pg.Pool, copies: readonly { readonly into: string; readonly rows: string }[]): Promise<void> {
  const client = await pool.connect();
  try {
    const command = copies.map(({ into }) => `copy ${into} from stdin`).join("; ");
    await new Promise<void>((resolve, reject) => {
      const texts = copies.map(({ rows }) => rows);
      client.query(new CopyIn(command, texts, (error) => (error ? reject(error) : resolve())));
    });
  } finally {
    client.release();
  }
}
