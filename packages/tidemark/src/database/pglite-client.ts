/** What is used of PGlite, described by shape. */
export interface PGliteQueryable {
  query(text: string, values?: unknown[], options?: PGliteQueryOptions): Promise<PGliteResult>;
  exec(script: string): Promise<unknown>;
}

/** What `PGlite.transaction` passes to its callback. */
export interface PGliteTransaction extends PGliteQueryable {
  readonly closed: boolean;
}

/** What a user's PGlite is known by before it is used. */
export interface GivenPGlite {
  readonly waitReady: Promise<void>;
  query: unknown;
  exec: unknown;
}

export interface PGliteInstance extends PGliteQueryable {
  transaction<T>(work: (tx: PGliteTransaction) => Promise<T>): Promise<T>;
  /** Keeps everything else from the connection meanwhile. */
  runExclusive?<T>(work: () => Promise<T>): Promise<T>;
  /** What every statement and transaction passes through, one after the other. PGlite's own; not in every kind of it. */
  _runExclusiveTransaction?<T>(work: () => Promise<T>): Promise<T>;
  /** What every statement passes through, those of transactions too. */
  _runExclusiveQuery?<T>(work: () => Promise<T>): Promise<T>;
  /** Asks PostgreSQL, without a statement. */
  isInTransaction?(): boolean;
  close(): Promise<void>;
  readonly closed: boolean;
}

export function isPGliteInstance(value: object): value is PGliteInstance {
  return ["query", "exec", "transaction", "close"].every((method) => typeof Reflect.get(value, method) === "function");
}

export interface PGliteQueryOptions {
  readonly parsers?: Record<number, (text: string) => unknown>;
}

export interface PGliteResult {
  readonly rows: unknown[];
  readonly affectedRows?: number | undefined;
  readonly rowCount?: number | undefined;
}

const textOid = 25;

/** Every column of the library's statements is text; an instance of the user's own may parse even that. */
export const textOptions: PGliteQueryOptions = { parsers: { [textOid]: String } };
