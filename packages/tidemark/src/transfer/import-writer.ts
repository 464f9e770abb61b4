import { retry } from "../async/retry.ts";
import { numbers } from "../append/batch.ts";
import type { Gate } from "../append/gate.ts";
import { hasCulprit, isBlocked, isRepeatedId, isTakenVersion, isTransient, isUnanswered } from "../append/failure.ts";
import type { Database, Statement, TextRow } from "../database/database.ts";
import { nullableList, nullableListSql } from "../database/nullable-list.ts";
import { toSafeInteger } from "../database/number.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { type BatchValues, encodeEvents, writeValues } from "./import-batch.ts";
import type { ImportEvent } from "./import-event.ts";
import { ImportedEvents } from "./imported-events.ts";
import { KnownVersions } from "./known-versions.ts";
import { type BadLine, PositionsTakenError } from "./transfer-error.ts";
import { functionName } from "../schema/function-set.ts";

/** What became of a group of events. */
export interface Written {
  readonly written: number;
  /** Were in the log already. */
  readonly repeated: number;
  /** Have another version than in the file. */
  readonly renumbered: number;
  readonly bad: readonly BadLine[];
  /** Of the last one written; undefined where none was. */
  readonly last: number | undefined;
}

export interface WriterOptions {
  readonly keepPositions: boolean;
  /** Whether nothing after the first bad line may be written. */
  readonly stopAtBad: boolean;
  readonly gate: Gate;
  readonly signal: AbortSignal;
}

/** Takes the groups of an import, one after the other. */
export interface GroupWriter {
  write(events: readonly ImportEvent[], encoded: BatchValues): Promise<Written>;
}

/** Where the log ends as far as an import that keeps positions knows. */
interface LogEnd {
  readonly position: number;
  /** How many events it holds; null: that was checked. */
  readonly events: number | null;
}

/** For how long to wait for a stream that another session holds, and for a server that does not answer. */
const patienceMs = 60_000;
const timeoutMs = 120_000;

/**
 * Writes groups of events, one after the other. A group that fails can be sent again: its ids are looked up first, so that
 * nothing is written twice, whatever became of the first try.
 */
export class ImportWriter implements GroupWriter {
  readonly #database: Database;
  readonly #options: WriterOptions;
  readonly #write: Statement;
  readonly #imported: ImportedEvents;
  /** Look ids up first. Until a group was all new, and again when one was not. */
  #looksUp = true;
  #end: LogEnd = { position: 0, events: 0 };
  readonly #heads = new KnownVersions();

  constructor(database: Database, schema: string, options: WriterOptions) {
    const bigints = (placeholder: string): string => nullableListSql(placeholder, "bigint");
    this.#database = database;
    this.#options = options;
    this.#write = {
      name: "tidemark_import_events",
      text: `select heads::text, last::text from ${functionName(schema, "import_events")}($1, $2, $3, ${bigints("$4")}, $5, $6, $7, $8, $9, $10, $11, $12, ${bigints("$13")}, $14, ${bigints("$15")}, $16, $17, $18)`,
    };
    this.#imported = new ImportedEvents(database, schema, options.stopAtBad);
  }

  /**
   * Where PostgreSQL refuses a group for the sake of one event (a trigger of the user's, say), halves of it are sent, until
   * that event is found.
   *
   * @param events - In the order of the file, no id twice.
   * @param encoded - The same, from `encodeEvents`: made while the group before is written, so that the server need not wait.
   */
  async write(events: readonly ImportEvent[], encoded: BatchValues = encodeEvents(events)): Promise<Written> {
    try {
      return await this.#writePatiently(events, encoded);
    } catch (error) {
      const [first] = events;
      if (first === undefined || !hasCulprit(error) || isBlocked(error)) throw error;
      if (events.length === 1) return { ...nothing, bad: [{ line: first.line, reason: `was refused: ${reasonOf(error)}`, text: first.text }] };
      const middle = Math.ceil(events.length / 2);
      const before = await this.write(events.slice(0, middle));
      if (this.#options.stopAtBad && before.bad.length > 0) return before;
      const after = await this.write(events.slice(middle));
      return {
        written: before.written + after.written,
        repeated: before.repeated + after.repeated,
        renumbered: before.renumbered + after.renumbered,
        bad: [...before.bad, ...after.bad],
        last: after.last ?? before.last,
      };
    }
  }

  async #writePatiently(events: readonly ImportEvent[], encoded: BatchValues): Promise<Written> {
    let unanswered = false;
    const attempt = async (): Promise<Written> => {
      try {
        return await this.#writeOnce(events, encoded, unanswered);
      } catch (error) {
        this.#heads.forget();
        if (isRepeatedId(error) || isUnanswered(error)) this.#looksUp = true;
        unanswered ||= isUnanswered(error);
        throw error;
      }
    };
    const goesOn = (error: unknown): boolean =>
      !this.#options.signal.aborted && (isTransient(error) || isBlocked(error) || isOvertaken(error) || (unanswered && isTaken(error)));
    try {
      return await retry(attempt, { firstMs: 20, mostMs: 500, withinMs: patienceMs, retryable: goesOn });
    } catch (error) {
      if (isTaken(error)) throw new PositionsTakenError(`${error.message.replace(/^.*TM006: /, "").replace(/\..*$/, "")}.`, { cause: error });
      throw error;
    }
  }

  async #writeOnce(events: readonly ImportEvent[], encoded: BatchValues, unanswered: boolean): Promise<Written> {
    if (!this.#looksUp) return this.#writeNew(events, encoded, this.#end);
    const { fresh, found, bad } = await this.#imported.lookUp(events, encoded, this.#positions(events));
    const { events: counted } = this.#end;
    const last = found.at(-1);
    const end = last === undefined ? this.#end : { position: last.position ?? 0, events: counted === null ? null : counted + found.length };
    const written = fresh.length === 0 ? nothing : await this.#writeNew(fresh, fresh.length === events.length ? encoded : encodeEvents(fresh), end);
    if (fresh.length === 0) this.#end = end;
    this.#looksUp = found.length > 0 || bad.length > 0;
    // A try without an answer had written them after all.
    return { ...written, bad, written: written.written + (unanswered ? found.length : 0), repeated: unanswered ? 0 : found.length };
  }

  async #writeNew(events: readonly ImportEvent[], encoded: BatchValues, end: LogEnd): Promise<Written> {
    const row = await this.#send(encoded, this.#positions(events), end);
    // By slot: where the streams were. Null where all are new.
    const heads = numbers(row?.["heads"]);
    const last = toSafeInteger(row?.["last"]);
    // Counted once: it takes as long as the log is.
    this.#end = { position: last, events: null };
    const { keys, slots, places, counts } = encoded;
    this.#heads.learn(
      keys,
      counts.map((count, slot) => (heads[slot] ?? 0) + count),
    );
    const versionOf = (index: number): number => (heads[(slots[index] ?? 0) - 1] ?? 0) + (places[index] ?? 0);
    const renumbered = events.filter(({ version }, index) => version !== undefined && version !== versionOf(index)).length;
    return { written: events.length, repeated: 0, renumbered, bad: [], last };
  }

  /** Under the projections' epoch as it is: where it changed, the same group again. */
  async #send(encoded: BatchValues, positions: string | null, end: LogEnd): Promise<TextRow | undefined> {
    const { gate } = this.#options;
    for (;;) {
      const values = writeValues(encoded, positions, { ...end, heads: this.#heads, epoch: gate.epoch });
      const [row] = await this.#database.query(this.#write, values, { timeoutMs });
      if (row?.["last"] !== null) return row;
      await gate.reload();
    }
  }

  #positions(events: readonly ImportEvent[]): string | null {
    return this.#options.keepPositions ? nullableList(events.map(({ position }) => position)) : null;
  }
}

const nothing: Written = { written: 0, repeated: 0, renumbered: 0, bad: [], last: undefined };

/** Another session wrote one of the ids, or extended one of the streams, since they were looked up. */
function isOvertaken(error: unknown): boolean {
  return isRepeatedId(error) || isTakenVersion(error);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isTaken(error: unknown): error is Error {
  return isTidemarkError(error, "DATABASE") && error.sqlState === "TM006";
}
