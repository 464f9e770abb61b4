import type { DriverClient } from "../model/driver.ts";
import type { PgPipeline } from "./pg-pipeline.ts";

/** What is used of `pg`, described by shape, so that any copy and version 8 of it fits and none appears in our declarations. */
export interface PgClient {
  query(query: PgQuery): Promise<PgResult>;
  query(text: string, values?: unknown[]): Promise<PgResult>;
  /** Sends a query of another kind, which tells by itself what became of it. */
  query(query: PgPipeline): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "notice", listener: (notice: PgNotice) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "notice", listener: (notice: PgNotice) => void): unknown;
  /** Says goodbye when idle; destroys the socket while a query runs. */
  end(): Promise<void>;
  /** False while a statement runs, and after its error until the server says what state that left. */
  readonly readyForQuery?: boolean;
  /** Idle, in a transaction, in a failed one; null before the first answer. Since pg 8.21. */
  getTransactionStatus?(): "I" | "T" | "E" | null;
  /** The protocol underneath. */
  readonly connection?: PgProtocol;
  /** It asks for every result in the binary format. */
  readonly binary?: boolean;
  /** It sends queries without waiting for the answers to those before. Since pg 8.23. */
  readonly pipeline?: boolean;
  readonly processID: number | null;
  readonly secretKey: number | null;
  readonly host: string;
  readonly port: number;
  readonly ssl: unknown;
}

type ReadyListener = (message: { readonly status: "I" | "T" | "E" }) => void;

export interface PgProtocol {
  on(event: "readyForQuery", listener: ReadyListener): unknown;
  on(event: "end", listener: () => void): unknown;
  removeListener(event: "readyForQuery", listener: ReadyListener): unknown;
  removeListener(event: "end", listener: () => void): unknown;
}

export interface PooledPgClient extends PgClient {
  /** With `true`: closes the connection instead of keeping it. */
  release(destroy?: boolean): void;
}

/** A `pg.Pool`. */
export interface PgPool extends DriverClient {
  connect(): Promise<{ query: unknown; release: unknown }>;
  readonly totalCount: number;
}

export interface PgQuery {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Makes it a prepared statement. */
  readonly name?: string;
  readonly types?: typeof textTypes;
}

export interface PgResult {
  readonly command: string;
  readonly rowCount: number | null;
  readonly rows: unknown[];
}

export interface PgNotice {
  readonly message?: string | undefined;
  readonly routine?: string | undefined;
}

/**
 * Reads every column as text. Passed with each statement of the library, because applications replace the global parsers
 * (int8 as BigInt, dates as moments) and pools can ask for binary results, where a text column is the same bytes.
 */
export const textTypes: { getTypeParser(): (value: unknown) => string } = { getTypeParser: () => String };
