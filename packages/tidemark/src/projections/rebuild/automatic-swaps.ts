import { pause } from "../../async/pause.ts";
import type { Statement } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { ProjectionDependentsError } from "../../errors/rebuilding.ts";
import { StoreClosedError } from "../../errors/opening.ts";
import type { TidemarkError } from "../../errors/tidemark-error.ts";
import type { Logger } from "../../model/logger.ts";
import { asTidemarkError } from "../../database/error-details.ts";
import type { WorkerContext } from "../../runtime/worker-context.ts";
import { type DefinedProjection, followerOf } from "../defined-projection.ts";
import type { CreateProjectionTransaction } from "../projection.ts";
import type { Swap } from "./swap.ts";
import { type SwapLook, SwapSchedule } from "./swap-schedule.ts";
import { swapTo } from "./swap-target.ts";

/** Shorter waits for transactions are the rule. */
const patienceMs = 5_000;
const tellAgainMs = 60_000;

/** What is known of a version. Undefined: it was dropped. */
interface Standing {
  readonly serving: boolean;
  /** A lower version serves, nothing says "manual", and no check has failed. */
  readonly wanted: boolean;
}

interface Attempted {
  readonly waits: SilentWaits;
  readonly signal: AbortSignal;
}

/**
 * Has versions serve that this process knows, as soon as they can: each process with a definition tries, so that the next one does it
 * where one dies in between. It asks once a second at most while a version is built, and not at all once it serves.
 */
export class AutomaticSwaps {
  readonly #context: Pick<WorkerContext, "database" | "schema" | "logger">;
  readonly #createTransaction: CreateProjectionTransaction;
  readonly #onError: (error: TidemarkError) => void;
  readonly #watched = new Map<string, Promise<void>>();
  #over = new AbortController();
  readonly #standing: Statement;

  /** @param onError - Never throws. */
  constructor(
    context: Pick<WorkerContext, "database" | "schema" | "logger">,
    createTransaction: CreateProjectionTransaction,
    onError: (error: TidemarkError) => void,
  ) {
    this.#context = context;
    this.#createTransaction = createTransaction;
    this.#onError = onError;
    const at = quoteIdentifier(context.schema);
    this.#standing = {
      name: "tidemark_version_standing",
      text: `
select p.serving::text as serving,
       (p.served_until is null
        and exists (select from ${at}.projections as s where s.name = p.name and s.serving and s.version < p.version)
        and (select pg_catalog.bool_and(b.swap = 'auto' and b.state <> 'failed') from ${at}.projection_builds as b where b.name = p.name and b.version = p.version)
       )::text as wanted
  from ${at}.projections as p
 where p.name = $1 and p.version = $2`,
    };
  }

  /** Once it is registered. Nothing where it serves. */
  watch(projection: DefinedProjection): void {
    const follower = followerOf(projection);
    if (this.#watched.has(follower)) return;
    const { signal } = this.#over;
    const watching = this.#watch(projection, signal)
      .catch(() => {})
      .finally(() => this.#watched.delete(follower));
    this.#watched.set(follower, watching);
  }

  /** Waits for the try in hand. */
  async stop(): Promise<void> {
    this.#over.abort(new StoreClosedError());
    await Promise.all(this.#watched.values());
    this.#over = new AbortController();
  }

  async #watch(projection: DefinedProjection, signal: AbortSignal): Promise<void> {
    const swap = swapTo(this.#context, projection, this.#createTransaction);
    const waits = new SilentWaits(this.#context.logger, projection);
    const schedule = new SwapSchedule();
    let told: string | undefined;
    while (!signal.aborted) {
      let look: SwapLook | "served";
      try {
        const standing = await this.#look(projection);
        if (!standing || standing.serving) return;
        look = standing.wanted ? await this.#attempt(swap, projection, { waits, signal }) : "unwanted";
        told = undefined;
      } catch (error) {
        if (error instanceof StoreClosedError) return;
        look = "failed";
        const failed = asTidemarkError(error);
        // Once: it may come again at every try.
        if (told !== failed.message) this.#onError(failed);
        told = failed.message;
      }
      if (look === "served") return;
      await pause(schedule.waitMs(look), signal);
    }
  }

  async #attempt(swap: Swap, { name, version }: DefinedProjection, { waits, signal }: Attempted): Promise<SwapLook | "served"> {
    const outcome = await swap.attempt("refuse", signal);
    waits.seen(outcome.why === "snapshots" ? outcome.holders : []);
    if (outcome.why === "served") return "served";
    if (outcome.why === "dependents") throw new ProjectionDependentsError({ name, version }, outcome.dependents);
    return outcome.why === "busy" ? "busy" : "later";
  }

  async #look({ name, version }: DefinedProjection): Promise<Standing | undefined> {
    const [row] = await this.#context.database.query(this.#standing, [name, version]);
    return row && { serving: row["serving"] === "true", wanted: row["wanted"] === "true" };
  }
}

/** Tells of transactions that keep a version from serving, which nobody would look for otherwise: nothing fails, and nothing waits. */
class SilentWaits {
  readonly #logger: Pick<Logger, "warn">;
  readonly #what: string;
  #tellAt = Number.POSITIVE_INFINITY;

  constructor(logger: Pick<Logger, "warn">, { name, version }: DefinedProjection) {
    this.#logger = logger;
    this.#what = `projection ${JSON.stringify(name)} (version ${version})`;
  }

  /** @param holders - Those of the last try. */
  seen(holders: readonly string[]): void {
    const now = performance.now();
    if (holders.length === 0) this.#tellAt = Number.POSITIVE_INFINITY;
    else if (this.#tellAt === Number.POSITIVE_INFINITY) this.#tellAt = now + patienceMs;
    else if (now >= this.#tellAt) {
      this.#tellAt = now + tellAgainMs;
      this.#logger.warn(`tidemark: ${this.#what} is ready, and serves once older transactions have ended, which might read half of it: ${holders.join(", ")}.`);
    }
  }
}
