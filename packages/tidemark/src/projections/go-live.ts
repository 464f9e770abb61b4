import { decodedParts, type EventDecoder } from "../catalogue/event-codec.ts";
import type { Session, Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { wasCutOff } from "../database/sql-state.ts";
import { ProjectionFailedError } from "../errors/projections.ts";
import type { RecordedEvent } from "../model/event.ts";
import { LogPages } from "../feed/log-pages.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { DefinedProjection } from "./defined-projection.ts";
import { failedAt } from "./document-set.ts";
import { decodeLogEvent } from "../read/decode.ts";
import type { ValidQueryItem } from "../read/filter.ts";
import { gateIsIdle } from "./gate-is-idle.ts";
import { StatementsBySize } from "../read/statements-by-size.ts";
import type { Checkpoint } from "../runtime/checkpoint.ts";
import { FollowingSuspended } from "../runtime/follower.ts";
import type { WorkerContext } from "../runtime/worker-context.ts";
import { functionName } from "../schema/function-set.ts";

/** Events that are applied while appends wait, where they are quick. */
const mostWhileClosed = 500;
/** How long appends wait for what is applied. One statement that runs by then may take as long again. */
const closedMs = 200;

class TooFar extends Error {}
class TooSlow extends Error {}

/** Applies events. Calls `check`, which throws where there is no time left, before each of them. `replaying`: another version serves. */
type ApplyWithin = (events: readonly RecordedEvent[], session: Session, replaying: boolean, check: () => void) => Promise<void>;

/**
 * How an inline projection goes live without a hole: once its follower is near the end of the log, it closes the gate, so that
 * no append is in flight and none begins, applies what is left, and says so in the same transaction. Appends that come next find
 * another epoch, and write the projection themselves.
 *
 * Nothing waits for long: the gate is only tried while no transaction has held it for 100 ms, its lock is waited for 100 ms at most, and
 * at most 500 events are applied behind it, for 200 ms. Else everything is rolled back, the follower goes on with the gate open, and
 * it is tried again later: with fewer events where they took too long.
 */
export class GoLive {
  readonly #context: Pick<WorkerContext, "database" | "schema" | "statements" | "feed">;
  readonly #projection: DefinedProjection;
  readonly #decoder: EventDecoder<ValidQueryItem>;
  readonly #apply: ApplyWithin;
  #most = mostWhileClosed;
  readonly #close: Statement;
  readonly #live: Statement;
  readonly #last: Statement;
  readonly #state: Statement;

  constructor(
    context: Pick<WorkerContext, "database" | "schema" | "statements" | "feed">,
    projection: DefinedProjection,
    decoder: EventDecoder<ValidQueryItem>,
    apply: ApplyWithin,
  ) {
    this.#context = context;
    this.#projection = projection;
    this.#decoder = decoder;
    this.#apply = apply;
    const at = quoteIdentifier(context.schema);
    this.#close = { name: "tidemark_close_gate", text: `select ${functionName(context.schema, "close_gate")}()::text` };
    this.#live = { name: "tidemark_make_projection_live", text: `select ${functionName(context.schema, "make_projection_live")}($1, $2)::text as live` };
    this.#last = {
      name: "tidemark_go_live_last_event",
      text: `select e.position::text as position, e.id::text as id from ${at}.events as e order by e.position desc limit 1`,
    };
    this.#state = {
      name: "tidemark_projection_state",
      text: `select p.state, p.serving::text as serving from ${at}.projections as p where p.name = $1 and p.version = $2`,
    };
  }

  /** In a transaction of its follower's: throws `FollowingSuspended` unless the projection is behind. Whether another version serves. */
  async check(session: Session): Promise<boolean> {
    const { name, version } = this.#projection;
    const [row] = await session.query(this.#state, [name, version]);
    if (row?.["state"] !== "behind") throw new FollowingSuspended("the projection is not behind");
    return row["serving"] !== "true";
  }

  /**
   * One try; false: later. Rejects as `Checkpoint.move`, and with `FollowingSuspended`.
   *
   * @param leaseMs - How long the server lets the transaction sit idle.
   */
  async attempt(checkpoint: Checkpoint, leaseMs: number): Promise<boolean> {
    const { database, schema, feed } = this.#context;
    if ((await feed.highWaterMark()) - checkpoint.written.position > mostWhileClosed) return false;
    if (!(await gateIsIdle(database, schema))) return false;
    let committing = false;
    try {
      const end = await database.transaction(
        async (session) => {
          const reached = await this.#finish(session, checkpoint);
          committing = true;
          return reached;
        },
        { idleTimeoutMs: leaseMs },
      );
      checkpoint.moved(end);
      return true;
    } catch (error) {
      if (error instanceof TooFar) this.#most = Math.min(mostWhileClosed, this.#most * 2 + 1);
      // An event that it cannot take stops the follower, which tells of it.
      if (error instanceof TooFar || error instanceof TooSlow || error instanceof ProjectionFailedError) return false;
      if (wasCutOff(error)) return false;
      // Nor can it take one whose handler ended the transaction, or wrote what the commit refuses.
      if (isTidemarkError(error, "TRANSACTION_ENDED")) return false;
      if (isTidemarkError(error, "DATABASE") && (error.retryable || committing)) return false;
      throw error;
    }
  }

  async #finish(session: Session, checkpoint: Checkpoint): Promise<Checkpoint["written"]> {
    const { id, fence } = checkpoint.shard;
    const { name, version } = this.#projection;
    await checkpoint.guard(() => session.query(this.#context.statements.enter, [id, fence]));
    // Of what follows, and of handlers: no statement may wait where every append waits for it.
    // A process that stands still here would hold them all up as long: the server ends its session then, which rolls back.
    await session.execute(
      `set local jit = off; set local lock_timeout = '${closedMs / 2}ms'; set local statement_timeout = '${closedMs}ms'; set local idle_in_transaction_session_timeout = '${closedMs}ms'`,
    );
    await session.query(this.#close, []);
    const [last] = await session.query(this.#last, []);
    const end = last ? { position: Number(last["position"]), id: last["id"] ?? null } : checkpoint.written;
    const events = await this.#rest(session, checkpoint.written.position, end.position);
    if (events.length > 0) await this.#applyInTime(events, session, await this.check(session));
    await checkpoint.move(session, end);
    const [row] = await session.query(this.#live, [name, version]);
    if (row?.["live"] !== "true") throw new FollowingSuspended("the projection is not behind");
    return end;
  }

  /** A handler whose time is up is not waited for: the transaction ends without it, and refuses its further statements. */
  async #applyInTime(events: readonly RecordedEvent[], session: Session, replaying: boolean): Promise<void> {
    const until = performance.now() + closedMs;
    const tooSlow = (): TooSlow => {
      this.#most = Math.floor(events.length / 2);
      return new TooSlow("too slow");
    };
    const applying = this.#apply(events, session, replaying, () => {
      if (performance.now() > until) throw tooSlow();
    });
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(tooSlow()), closedMs).unref()));
    try {
      await Promise.race([applying, timeout]);
    } finally {
      clearTimeout(timer);
      applying.catch(() => {});
    }
  }

  /** One that cannot be decoded is one that the projection cannot take. */
  #decoded(event: RecordedEvent): readonly RecordedEvent[] {
    try {
      return decodedParts(event, this.#decoder);
    } catch (error) {
      throw failedAt(this.#projection, event, error);
    }
  }

  async #rest(session: Session, after: number, until: number): Promise<readonly RecordedEvent[]> {
    const log = new LogPages(session, new StatementsBySize(this.#context.schema));
    const pages = log.open(after, until, { tenant: undefined, filter: this.#decoder.filter, shard: undefined }, new AbortController().signal);
    const events: RecordedEvent[] = [];
    for (let over = after >= until; !over;) {
      const { rows, last } = await pages.next();
      for (const row of rows) events.push(...this.#decoded(decodeLogEvent(row)));
      if (events.length > this.#most) throw new TooFar("too many events");
      over = last;
    }
    return events;
  }
}
