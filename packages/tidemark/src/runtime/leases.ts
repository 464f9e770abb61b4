import type { Queryable } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import type { Clock } from "../async/clock.ts";
import type { HeldShard, ShardState } from "./shard.ts";
import type { FollowerView } from "./shard-allocation.ts";
import type { StatusDetails } from "./shard-status.ts";
import type { RuntimeStatements } from "./statements.ts";

/** A shard as a heartbeat tells of it. */
export interface Beat {
  readonly id: number;
  readonly fence: number;
  readonly state: ShardState;
  readonly details: StatusDetails | undefined;
}

export interface HeartbeatAnswer {
  /** The ids of the leases that go on. */
  readonly renewed: readonly number[];
  /** By id, the fences of the others that are still there. */
  readonly fences: Readonly<Record<string, number>>;
  /** Of the other workers of these consumers. */
  readonly livenessLocks: readonly number[];
  readonly consumers: readonly FollowerView[];
}

/** One worker's leases, in the database. Its statements run beside the pool, which handlers may have taken up. */
export class Leases {
  readonly #queryable: Pick<Queryable, "query">;
  readonly #statements: Pick<RuntimeStatements, "renew" | "take" | "release">;
  readonly #tenant: string;
  readonly #worker: string;
  readonly #leaseMs: number;
  readonly #clock: Clock;

  constructor(
    queryable: Pick<Queryable, "query">,
    statements: Pick<RuntimeStatements, "renew" | "take" | "release">,
    owner: { readonly tenant: string; readonly worker: string; readonly leaseMs: number },
    clock: Clock,
  ) {
    this.#queryable = queryable;
    this.#statements = statements;
    this.#tenant = owner.tenant;
    this.#worker = owner.worker;
    this.#leaseMs = owner.leaseMs;
    this.#clock = clock;
  }

  /** @param livenessLock - Undefined: the leases of this worker end by the clock alone. */
  async renew(consumers: readonly string[], beats: readonly Beat[], livenessLock: number | undefined): Promise<HeartbeatAnswer> {
    const list = (items: readonly (number | string)[]): string => `{${items.join(",")}}`;
    const [row] = await this.#queryable.query(this.#statements.renew, [
      this.#tenant,
      consumers.join("\u001f"),
      this.#worker,
      this.#leaseMs,
      list(beats.map(({ id }) => id)),
      list(beats.map(({ fence }) => fence)),
      list(beats.map(({ state }) => state)),
      JSON.stringify(beats.map(({ details }) => details ?? null)),
      livenessLock ?? null,
    ]);
    const answer: HeartbeatAnswer = JSON.parse(row?.["answer"] ?? "{}");
    return answer;
  }

  /** Undefined where another worker was faster. */
  async take(id: number): Promise<HeldShard | undefined> {
    const sentAt = this.#clock.now();
    const [row] = await this.#queryable.query(this.#statements.take, [id, this.#worker, this.#leaseMs]);
    if (!row) return undefined;
    return {
      id,
      consumer: row["consumer"] ?? "",
      owner: row["owner"] ?? "",
      shard: toSafeInteger(row["shard"]),
      of: toSafeInteger(row["shards"]),
      barrier: row["barrier"] == null ? undefined : toSafeInteger(row["barrier"]),
      fence: toSafeInteger(row["fence"]),
      validUntil: sentAt + this.#leaseMs,
      after: { position: toSafeInteger(row["checkpoint"]), id: row["event_id"] ?? null },
    };
  }

  /** Gives shards back, or everything, and leaves. */
  async release(ids: readonly number[] | "all"): Promise<void> {
    await this.#queryable.query(this.#statements.release, [this.#tenant, this.#worker, ids === "all" ? null : `{${ids.join(",")}}`]);
  }
}
