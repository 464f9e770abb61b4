import { isTidemarkError } from "../errors/errors.ts";
import { notTriedAgain } from "../runtime/delivery.ts";
import type { FailedEvent, GiveUpDecision, ShardAccess, ShardHooks, TryFailure } from "../runtime/follower.ts";
import { errorDetails } from "../database/error-details.ts";
import { delayAfter } from "../runtime/retry-policy.ts";
import type { ValidQueryItem } from "../read/filter.ts";
import type { WorkerContext } from "../runtime/worker-context.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import type { DeadLetterStatements } from "./dead-letter-statements.ts";
import type { ConsumerSettings } from "./define-consumer.ts";
import { type RequestedDeadLetter, ShardDeadLetters } from "./shard-dead-letters.ts";

/**
 * What a consumer adds to the work on one shard: an event that failed for good becomes a dead letter, later events of its stream are
 * parked behind it, and a letter that is to be tried again is handled between two batches.
 */
export class DeadLetterHooks implements ShardHooks {
  readonly #settings: ConsumerSettings;
  /** As the log is asked. */
  readonly #filter: readonly ValidQueryItem[] | undefined;
  readonly #shard: ShardAccess;
  readonly #letters: ShardDeadLetters;
  readonly #breaker: CircuitBreaker;

  constructor(
    context: Pick<WorkerContext, "database" | "schema">,
    statements: DeadLetterStatements,
    { settings, filter }: { readonly settings: ConsumerSettings; readonly filter: readonly ValidQueryItem[] | undefined },
    shard: ShardAccess,
  ) {
    this.#settings = settings;
    this.#filter = filter;
    this.#shard = shard;
    this.#letters = new ShardDeadLetters(context, statements, shard.tenant, shard.checkpoint);
    this.#breaker = new CircuitBreaker(settings.circuitBreaker?.failures);
  }

  load = async (): Promise<undefined> => {
    await this.#letters.load();
    return undefined;
  };

  holdsBack = (stream: number): boolean => this.#letters.has(stream);

  holdBack: NonNullable<ShardHooks["holdBack"]> = (followed) => this.#letters.parkBehind(followed);

  handled = (): void => this.#breaker.succeeded();

  giveUp = async ({ followed, event, attempt, error, undecodable }: FailedEvent): Promise<GiveUpDecision> => {
    const { retry, circuitBreaker, onFailure } = this.#settings;
    let choice: ReturnType<typeof onFailure>;
    try {
      choice = onFailure(error, event, attempt);
    } catch (thrown) {
      return { action: "stop", cause: thrown };
    }
    if (choice === "retry") return { action: "retry", afterMs: delayAfter(retry, attempt) };
    if (choice !== "skip" && choice !== "dead-letter") return { action: "stop", cause: error };
    if (this.#breaker.open && circuitBreaker) {
      const { failures, resetMs } = circuitBreaker;
      this.#shard.report(event, error, `The ${failures} events before it failed too, so it is held and tried again every ${resetMs} ms.`);
      return { action: "retry", afterMs: resetMs };
    }
    await this.#letters.park(followed, choice === "skip" ? "skipped" : "failed", attempt, errorDetails(error));
    this.#breaker.gaveUp();
    const outcome = choice === "skip" ? "It was skipped, with a record among the dead letters." : "It is a dead letter now.";
    this.#shard.report(event, error, undecodable ? `${notTriedAgain} ${outcome}` : outcome);
    return { action: "passed" };
  };

  requested = async (): Promise<void> => {
    while (await this.#shard.mayGoOn()) {
      const letter = await this.#letters.nextRequested();
      if (!letter || !(await this.#retry(letter))) return;
    }
  };

  /** Tries a dead letter again, as often as an event. False: the shard had to end before. */
  async #retry(letter: RequestedDeadLetter): Promise<boolean> {
    const { retry } = this.#settings;
    const found = await this.#letters.read(letter.position, this.#filter);
    if (!found) {
      await this.#letters.failedAgain(letter, 1, errorDetails(new Error(`No event stands at position ${letter.position} any more.`)));
      return true;
    }
    const { event, wanted } = found;
    if (!wanted) {
      // As the log passes what the filter leaves out. Else it would keep the later events of its stream for ever.
      await this.#letters.pass(letter);
      return true;
    }
    const followed = { event, stream: letter.stream };
    for (let attempt = 1; ; attempt++) {
      const failed: TryFailure | undefined = await this.#shard.handleApart(followed, attempt, (queryable) => this.#letters.settle(queryable, letter));
      if (!failed) return true;
      const { error, undecodable } = failed;
      if (attempt >= retry.attempts || undecodable || isTidemarkError(error, "TRANSACTION_ENDED")) {
        await this.#letters.failedAgain(letter, attempt, errorDetails(error));
        this.#shard.report(event, error, undecodable ? `${notTriedAgain} It stays a dead letter.` : "It stays a dead letter.");
        return true;
      }
      if (!(await this.#shard.waitToRetry({ ...failed, followed, attempt }, delayAfter(retry, attempt)))) return false;
    }
  }
}
