import { AsyncLocalStorage } from "node:async_hooks";
import type { Database, TextRow } from "../database/database.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { type FirstPageRequest, type FirstPages, readFirstPage, readFirstPages } from "./first-pages.ts";
import type { StatementsBySize } from "./statements-by-size.ts";

/** Rows of one statement, however many requests share it: what the first page of eight streams may hold. */
const mostRows = 1_024;
/** Requests of one statement: so few get a first page each, and so many where streams are short. */
const fewestRequests = 8;
const mostRequests = 64;

interface Waiting {
  readonly request: FirstPageRequest;
  readonly settled: PromiseWithResolvers<readonly TextRow[]>;
  readonly signal: AbortSignal | undefined;
  /** Stops the clock and the listening. */
  forget(): void;
}

export interface GroupedFirstPagesSettings {
  /** How long a request waits for its turn. 0: for ever. */
  readonly connectionTimeoutMs: number;
  /** For tests. */
  readonly inFlight?: number;
}

/**
 * Reads the first pages of many streams at once: while statements are in flight, new requests queue; when one returns, the queue goes
 * out as the next. No timer, so that one caller alone waits for nothing. A statement is sent after the requests in it were
 * made, so that each sees what was committed before.
 *
 * A statement takes no more requests than let each have twice the rows that requests had lately: a stream that does not fit costs
 * a statement of its own.
 *
 * Where a statement for several fails, each of them is read by itself and fails with its own error.
 */
export class GroupedFirstPages implements FirstPages {
  readonly #database: Database;
  readonly #statements: StatementsBySize;
  readonly #settings: GroupedFirstPagesSettings;
  readonly #mostInFlight: number;
  /** In the order of their arrival. */
  readonly #waiting = new Set<Waiting>();
  /** What is asked for all must not run inside the transaction of the one who asked. */
  readonly #outside = AsyncLocalStorage.snapshot();
  /** How many rows a request has, by those of late. */
  #usualRows = 0;
  #inFlight = 0;
  #scheduled = false;

  constructor(database: Database, statements: StatementsBySize, settings: GroupedFirstPagesSettings) {
    this.#database = database;
    this.#statements = statements;
    this.#settings = settings;
    // Each beyond the first makes the batches smaller, and a slow one hold up less.
    this.#mostInFlight = settings.inFlight ?? Math.max(1, Math.min(4, Math.floor(database.connections / 2)));
  }

  async read(request: FirstPageRequest, signal: AbortSignal | undefined): Promise<readonly TextRow[]> {
    this.#database.refuseReentrance();
    signal?.throwIfAborted();
    const settled = Promise.withResolvers<readonly TextRow[]>();
    const waiting: Waiting = { request, settled, signal, forget: this.#watch(settled, signal, () => this.#waiting.delete(waiting)) };
    this.#waiting.add(waiting);
    // Calls of one turn of the event loop go out together.
    this.#schedule();
    return await settled.promise.finally(waiting.forget);
  }

  /** Rejects what waits for too long, and what is aborted, sent or not: the statement may be others', too. */
  #watch({ reject }: PromiseWithResolvers<readonly TextRow[]>, signal: AbortSignal | undefined, leave: () => boolean): () => void {
    const { connectionTimeoutMs } = this.#settings;
    const timer =
      connectionTimeoutMs > 0
        ? setTimeout(() => {
            if (leave()) reject(this.#database.noneFree(connectionTimeoutMs));
          }, connectionTimeoutMs)
        : undefined;
    const abort = (): void => {
      leave();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    return () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#inFlight < this.#mostInFlight && this.#waiting.size > 0) {
      const batch = [...this.#waiting].slice(0, this.#batchSize);
      for (const waiting of batch) this.#waiting.delete(waiting);
      this.#inFlight++;
      void this.#outside(() => this.#send(batch)).finally(() => {
        this.#inFlight--;
        this.#pump();
      });
    }
  }

  get #batchSize(): number {
    return Math.max(fewestRequests, Math.min(mostRequests, Math.floor(mostRows / (2 * this.#usualRows))));
  }

  #learn({ rows: asked }: FirstPageRequest, rows: readonly TextRow[]): void {
    const needed = rows.at(-1)?.["full"] == null ? rows.length : asked;
    this.#usualRows += (needed - this.#usualRows) / 16;
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    const [only] = batch;
    if (batch.length === 1 && only) return await this.#sendAlone(only);
    const rows = Math.floor(mostRows / batch.length);
    const requests = batch.map(({ request }) => request);
    try {
      const found = await readFirstPages(this.#database, this.#statements, requests, { rows });
      for (const [index, { request, settled }] of batch.entries()) {
        const rowsOfIt = found[index] ?? [];
        this.#learn(request, rowsOfIt);
        settled.resolve(rowsOfIt);
      }
    } catch (error) {
      if (!isOwn(error)) for (const { settled } of batch) settled.reject(error);
      else await Promise.all(batch.map((waiting) => this.#sendAlone(waiting)));
    }
  }

  async #sendAlone({ request, settled, signal }: Waiting): Promise<void> {
    try {
      settled.resolve(await readFirstPage(this.#database, this.#statements, request, signal));
    } catch (error) {
      settled.reject(error);
    }
  }
}

/** Whether the statement failed, which may be the doing of one in it; else none could be sent, and that is all the same to all. */
function isOwn(error: unknown): boolean {
  return isTidemarkError(error, "DATABASE") || (isTidemarkError(error, "CONNECTION") && error.sent);
}
