import { wholeNumber } from "../../arguments/checks.ts";
import { checkDeciderName, checkStreamId } from "../../arguments/names.ts";
import { checkOptions, isRecord } from "../../arguments/options.ts";
import type { TextRow, Value } from "../../database/database.ts";
import { toSafeInteger } from "../../database/number.ts";
import { keepCallers } from "../../errors/caller-frames.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { Event } from "../../model/event.ts";
import { checkDecider, checkMultiStreamDecider, type Decider, type MultiStreamDecider } from "../decider.ts";
import { refuseOtherStore } from "../decider-events.ts";
import type { SnapshotAccess } from "./access.ts";
import type { StreamHead } from "./keeper.ts";
import { snapshotState, takeSnapshot } from "./snapshot-state.ts";
import { takeOfStreams } from "./snapshot-streams.ts";
import type { SnapshotStats } from "./stats.ts";

/**
 * A snapshot, without its state.
 *
 * @example
 * ```ts
 * const snapshots: readonly SnapshotInfo[] = await store.snapshots.list({ name: "cart", limit: 10 });
 * ```
 */
export interface SnapshotInfo {
  /** What folded it: a decider of one stream, one of several streams, or an aggregate. */
  readonly kind: "stream" | "streams" | "aggregate";
  /** The decider's name; an aggregate's name or category. */
  readonly name: string;
  readonly streamIds: readonly string[];
  readonly stateVersion: number;
  /** Of how many events it is made: of one stream, its version. */
  readonly version: number;
  /** The position of the last of these events. */
  readonly position: number;
  /** Of the state, as JSON. */
  readonly bytes: number;
  readonly takenAt: Date;
}

/**
 * Which snapshots; all that is given must hold.
 *
 * @example
 * ```ts
 * const query: SnapshotQuery = { name: "cart", stateVersion: 1 };
 * await store.snapshots.delete(query);
 * ```
 */
export interface SnapshotQuery {
  readonly name?: string;
  readonly streamId?: string;
  readonly stateVersion?: number;
}

/**
 * The stored states that commands start from instead of a stream's first event. You may delete all of them at any time; no result changes.
 *
 * @example
 * ```ts
 * const snapshots: Snapshots = store.snapshots;
 * await snapshots.settled();
 * console.debug(snapshots.stats().taken);
 * ```
 */
export interface Snapshots {
  /** Counts what happened to snapshots in this process. */
  stats(): SnapshotStats;
  /** The newest first. @param query - `limit`: 1 to 10,000, 100 by default. */
  list(query?: SnapshotQuery & { readonly limit?: number }): Promise<readonly SnapshotInfo[]>;
  /**
   * Stores one now, regardless of the policy, and waits for it. Returns false if there is already one of as many events or more, or
   * there are no events.
   *
   * @throws {@link InvalidArgumentError} — the decider has no `name` or no `snapshot` (`snapshot: {}` is enough), or JSON would change
   *   the state at `path`.
   * @throws whatever `readStream` throws.
   */
  take<State, Command, E extends Event>(decider: Decider<State, Command, E, Event>, streamId: string): Promise<boolean>;
  /** The same, of the streams that the command would read. */
  take<State, Command, E extends Event>(decider: MultiStreamDecider<State, Command, E, Event>, command: NoInfer<Command>): Promise<boolean>;
  /**
   * Deletes snapshots, and returns how many. `{}` deletes all of this tenant's. Snapshots of an unused name or an abandoned state
   * version are never deleted otherwise.
   */
  delete(query: SnapshotQuery): Promise<number>;
  /** Resolves when no snapshot waits to be written in this process. For tests, and before a comparison. */
  settled(): Promise<void>;
}

const queryShape = { name: checkDeciderName, streamId: checkStreamId, stateVersion: wholeNumber(1, 2_147_483_647) };
const listShape = { ...queryShape, limit: wholeNumber(1, 10_000) };

/** The snapshots of a store's tenant. */
export class StoreSnapshots implements Snapshots {
  readonly #access: SnapshotAccess;

  static {
    keepCallers(this);
  }

  constructor(access: SnapshotAccess) {
    this.#access = access;
  }

  stats(): SnapshotStats {
    return this.#access.keeper.stats;
  }

  async list(query?: SnapshotQuery & { readonly limit?: number }): Promise<readonly SnapshotInfo[]> {
    const { limit = 100, ...chosen } = checkOptions(query, listShape, "query");
    const { database, statements } = this.#access.keeper;
    const rows = await database.query(statements.list, [...this.#values(chosen), limit]);
    return rows.map(snapshotInfo);
  }

  async take<State, Command, E extends Event>(
    decider: Decider<State, Command, E, Event> | MultiStreamDecider<State, Command, E, Event>,
    subject: string | NoInfer<Command>,
  ): Promise<boolean> {
    if (readsSeveral(decider)) {
      checkMultiStreamDecider(decider);
      refuseOtherStore(this.#access, decider);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the overload for such a decider takes its command
      return await takeOfStreams(this.#access, decider, subject as Command);
    }
    checkDecider(decider);
    refuseOtherStore(this.#access, decider);
    return await takeSnapshot(snapshotState<State, E>(() => this.#access, "stream", decider, checkStreamId(subject, "streamId")));
  }

  async delete(query: SnapshotQuery): Promise<number> {
    if (query === undefined) throw new InvalidArgumentError("query", "is missing; {} deletes all snapshots of this tenant");
    const { database, statements } = this.#access.keeper;
    const [row] = await database.query(statements.remove, this.#values(checkOptions(query, queryShape, "query")));
    return toSafeInteger(row?.["gone"]);
  }

  settled(): Promise<void> {
    return this.#access.keeper.queue.settled();
  }

  #values({ name, streamId, stateVersion }: SnapshotQuery): Value[] {
    return [this.#access.tenant, name ?? null, streamId ?? null, stateVersion ?? null];
  }
}

function readsSeveral<State, Command, E extends Event>(
  decider: Decider<State, Command, E, Event> | MultiStreamDecider<State, Command, E, Event>,
): decider is MultiStreamDecider<State, Command, E, Event> {
  return isRecord(decider) && "reads" in decider;
}

function snapshotInfo(row: TextRow): SnapshotInfo {
  const heads: readonly StreamHead[] | null = JSON.parse(row["heads"] ?? "null");
  const kind = row["kind"];
  return {
    kind: kind === "streams" || kind === "aggregate" ? kind : "stream",
    name: row["name"] ?? "",
    streamIds: heads ? heads.map(([streamId]) => streamId) : [row["key"] ?? ""],
    stateVersion: toSafeInteger(row["state_version"]),
    version: toSafeInteger(row["version"]),
    position: toSafeInteger(row["position"]),
    bytes: toSafeInteger(row["bytes"]),
    takenAt: new Date(Number(row["taken_at"])),
  };
}
