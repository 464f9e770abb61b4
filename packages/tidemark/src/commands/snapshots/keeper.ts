import { sentence } from "../../errors/tidemark-error.ts";
import type { EventCodec } from "../../catalogue/event-codec.ts";
import type { Database } from "../../database/database.ts";
import { type InvalidArgumentError, isTidemarkError } from "../../errors/errors.ts";
import type { Logger } from "../../model/logger.ts";
import { Reader } from "../../read/reader.ts";
import { StatementsBySize } from "../../read/statements-by-size.ts";
import { SnapshotQueue } from "./queue.ts";
import { type SnapshotStatements, snapshotStatements } from "./statements.ts";
import { emptyCounts, type SnapshotStats, type SnapshotCounts } from "./stats.ts";
import { writeState } from "./write-state.ts";

/** Which snapshot. */
export interface SnapshotName {
  readonly tenant: string;
  readonly kind: "stream" | "streams" | "aggregate";
  readonly name: string;
  /** The stream's id; of several, what stands for the set of them. */
  readonly key: string;
  readonly stateVersion: number;
}

/** A state, and the events that it is made of. */
export interface Folded<State> {
  readonly state: State;
  /** The number of events; of one stream, its version. */
  readonly version: number;
  /** Of how many of them the snapshot was made that was read; 0 where there was none. */
  readonly snapshotVersion: number;
  /** The last of these events. Undefined where there are none. */
  readonly last: EventPlace | undefined;
  /** Of several streams: where each of them was. */
  readonly heads?: readonly StreamHead[];
  /** The last event of a snapshot that was read and does not belong here. */
  readonly replaces?: string | undefined;
}

export interface EventPlace {
  readonly position: number;
  readonly id: string;
}

export type StreamHead = readonly [streamId: string, version: number, eventId: string];

export interface SnapshotKeeperOptions {
  /** Open until the store is closed, and its snapshots are written. */
  readonly database: Database;
  readonly schema: string;
  readonly logger: Logger;
  readonly codec: EventCodec;
}

/** Forgotten all at once beyond this; then each is tried once more. */
const mostRefused = 10_000;

/** Writes the snapshots of a store and of its tenants, and counts what becomes of them. */
export class SnapshotKeeper {
  readonly database: Database;
  readonly codec: EventCodec;
  readonly statements: SnapshotStatements;
  readonly counts: SnapshotCounts = emptyCounts();
  readonly queue: SnapshotQueue = new SnapshotQueue(this.counts);
  readonly #readStatements: StatementsBySize;
  readonly #logger: Logger;
  /** What was told of once. */
  readonly #told = new Set<string>();
  /** At which version a snapshot could not be taken: not tried again at every command. */
  readonly #refused = new Map<string, number>();

  constructor({ database, schema, logger, codec }: SnapshotKeeperOptions) {
    this.database = database;
    this.codec = codec;
    this.statements = snapshotStatements(schema);
    this.#readStatements = new StatementsBySize(schema);
    this.#logger = logger;
  }

  get stats(): SnapshotStats {
    return { ...this.counts, pending: this.queue.pending };
  }

  /** Reads for a snapshot, apart from the reads of commands, and still while the store closes. */
  readerOf(tenant: string): Reader {
    // The log is not read.
    return new Reader({ queryable: this.database, statements: this.#readStatements, codec: this.codec, tenant, mark: async () => 0 });
  }

  /**
   * Writes a state; false where there is one of as many events or more.
   *
   * @throws {@link InvalidArgumentError} — JSON would change the state.
   */
  async keep<State>(
    name: SnapshotName,
    { state, version, last, heads, replaces }: Folded<State> & { readonly last: EventPlace },
    signal?: AbortSignal,
  ): Promise<boolean> {
    const { json, patches } = writeState(state);
    const [row] = await this.database.query(
      this.statements.keep,
      [
        name.tenant,
        name.kind,
        name.name,
        name.key,
        name.stateVersion,
        this.codec.fingerprint,
        version,
        last.position,
        last.id,
        heads ? JSON.stringify(heads) : null,
        json,
        patches,
        replaces ?? null,
      ],
      { signal },
    );
    return row?.["kept"] === "true";
  }

  /** Takes a snapshot when its turn comes, of what `fold` reads then. Never throws, and no command waits for it. */
  later<State>(name: SnapshotName, version: number, fold: (signal: AbortSignal) => Promise<Folded<State>>): void {
    const key = JSON.stringify(Object.values(name));
    this.queue.add({
      key,
      run: async (signal) => {
        try {
          const folded = await fold(signal);
          const { last } = folded;
          // Another one was taken while this one was waiting.
          const taken = folded.snapshotVersion < version && last !== undefined && (await this.keep(name, { ...folded, last }, signal));
          this.counts[taken ? "taken" : "superseded"]++;
          this.#refused.delete(key);
        } catch (error) {
          if (signal.aborted) {
            this.counts.dropped++;
            return;
          }
          if (this.#refused.size >= mostRefused) this.#refused.clear();
          this.#refused.set(key, version);
          if (isTidemarkError(error, "INVALID_ARGUMENT") && error.path.startsWith("state")) this.#unfit(name, error);
          else this.failed(name, error);
        }
      },
    });
  }

  /** The version from which on a snapshot's events count: where it was refused it is tried again as late as if it had been taken. */
  refusedAt(name: SnapshotName): number {
    return this.#refused.size === 0 ? 0 : (this.#refused.get(JSON.stringify(Object.values(name))) ?? 0);
  }

  /** Counts what went wrong, and tells of it once for each decider. */
  failed({ kind, name, key }: SnapshotName, error: unknown): void {
    this.counts.failed++;
    this.#tellOnce(
      `failed ${kind} ${name}`,
      `tidemark: a snapshot of ${JSON.stringify(name)} for ${JSON.stringify(key)} could not be read or written. Commands continue without it. This is logged once; store.snapshots.stats() counts the rest.`,
      error,
    );
  }

  #unfit({ kind, name, key }: SnapshotName, error: InvalidArgumentError): void {
    this.counts.unfit++;
    this.#tellOnce(
      `unfit ${kind} ${name}`,
      `tidemark: the state of ${JSON.stringify(name)} for ${JSON.stringify(key)} cannot be kept as a snapshot: ${sentence(error.message)} Commands read all events instead. This is logged once; store.snapshots.stats() counts the rest.`,
    );
  }

  #tellOnce(what: string, message: string, ...more: readonly unknown[]): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#logger.warn(message, ...more);
  }
}
