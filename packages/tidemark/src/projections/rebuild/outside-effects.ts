import { pause } from "../../async/pause.ts";
import type { Queryable, Statement } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import type { RecordedEvent } from "../../model/event.ts";
import { FollowingSuspended, type HandlerSession } from "../../runtime/follower.ts";
import type { WorkerContext } from "../../runtime/worker-context.ts";
import { functionName } from "../../schema/function-set.ts";
import type { DefinedProjection } from "../defined-projection.ts";

const lookMs = 50;
/** Less than a handler may take. */
const mostMs = 5_000;

/** Whose effects outside the database count. */
interface Effects {
  readonly serving: boolean;
  /** Where this version serves: after here its own. */
  readonly after: number;
  /** Where another one does: it is here. Infinity: nothing follows it. */
  readonly until: number;
}

/** Several events in one call, of which only some may be handled so far: they come again one by one. */
class HeldBack extends Error {}

/**
 * Says to the handler of an async projection whether its effects outside the database count, so that for each event those of exactly one
 * version do, also around a swap.
 *
 * It is looked up in the transaction of the handler, once in each: a swap waits for those in flight, and those that come after it see what it
 * changed. A version that does not serve goes no further than the one that does: what nobody has had effects for yet is left to whoever
 * serves then. There it waits, and says that everything up to there is in it, so that it can be swapped even where the other one is followed
 * by nobody any more.
 */
export class OutsideEffects {
  readonly #context: Pick<WorkerContext, "database">;
  readonly #projection: DefinedProjection;
  readonly #look: Statement;
  readonly #reached: Statement;
  #known: Effects | undefined;
  readonly #looked = new WeakSet<object>();

  constructor(context: Pick<WorkerContext, "database" | "schema">, projection: DefinedProjection) {
    this.#context = context;
    this.#projection = projection;
    const { schema } = context;
    this.#look = {
      name: "tidemark_projection_effects",
      text: `select e.serving::text as serving, e.effects_after::text as effects_after, e.until::text as until from ${functionName(schema, "projection_effects")}($1, $2, $3) as e`,
    };
    this.#reached = {
      name: "tidemark_reached_serving",
      text: `select ${functionName(schema, "report_build")}($1, $2, s.tenant, null, p_reached => $4)::text from ${quoteIdentifier(schema)}.consumer_shards as s where s.id = $3`,
    };
  }

  /** Whether the handler is to have none for these events. Waits until they may be handled at all. */
  async replaying(events: readonly RecordedEvent[], session: HandlerSession): Promise<boolean> {
    const last = events.at(-1)?.position ?? 0;
    await this.#mayHandle(events, session);
    const transaction = await session.joined();
    if (!this.#looked.has(transaction)) {
      this.#known = await this.#lookUp(session, session);
      this.#looked.add(transaction);
    }
    const known = this.#known;
    if (known?.serving) {
      if (last > known.after && (events[0]?.position ?? 0) <= known.after) throw new HeldBack("the version before had the effects of some of these");
      return last <= known.after;
    }
    // It served a moment ago.
    if (known && last > known.until) throw new FollowingSuspended("another version serves");
    return true;
  }

  /** Asked outside of the transaction, which is not to stay open meanwhile. */
  async #mayHandle(events: readonly RecordedEvent[], session: HandlerSession): Promise<void> {
    const last = events.at(-1)?.position ?? 0;
    const end = performance.now() + mostMs;
    this.#known ??= await this.#lookUp(this.#context.database, session);
    while (!this.#known.serving && last > this.#known.until) {
      this.#known = await this.#lookUp(this.#context.database, session);
      if (this.#known.serving || last <= this.#known.until) return;
      if (events.length > 1) throw new HeldBack("the version that serves is not that far");
      const { name, version } = this.#projection;
      await this.#context.database.query(this.#reached, [name, version, session.shard.id, this.#known.until]);
      if (performance.now() > end) throw new FollowingSuspended("the version that serves is not that far");
      await pause(lookMs, session.signal);
    }
  }

  async #lookUp(queryable: Pick<Queryable, "query">, { shard }: HandlerSession): Promise<Effects> {
    const { name, version } = this.#projection;
    const [row] = await queryable.query(this.#look, [name, version, shard.id]);
    const until = row?.["until"];
    return {
      // Dropped: what it writes cannot be committed.
      serving: row?.["serving"] !== "false",
      after: Number(row?.["effects_after"] ?? 0),
      until: until == null ? Number.POSITIVE_INFINITY : Number(until),
    };
  }
}
