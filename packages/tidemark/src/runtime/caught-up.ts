import { checkSignal, oneOf, wholeNumber } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import { toSafeInteger } from "../database/number.ts";
import { HandlerFailedError, WaitTimeoutError } from "../errors/following.ts";
import type { CaughtUpOptions } from "../consumers/consumer.ts";
import type { DefinedConsumer } from "../consumers/define-consumer.ts";
import { consumerNotFound } from "../consumers/not-found.ts";
import type { WorkerParts } from "./parts.ts";
import { reach } from "./reach.ts";

const pollMs = 250;
const shape = { timeoutMs: wholeNumber(0, 2_147_483_647), onDeadLetter: oneOf("ignore", "reject"), signal: checkSignal };

export function checkCaughtUp(options: CaughtUpOptions | undefined): CaughtUpOptions {
  return checkOptions(options, shape);
}

/**
 * Waits until all shards of these consumers have passed the high-water mark of this moment.
 *
 * @param refuseToWait - Called before each wait, and at the end: rejects where the waiting is over for another reason.
 */
export async function caughtUp(
  parts: WorkerParts,
  tenant: string,
  consumers: readonly DefinedConsumer[],
  { timeoutMs, onDeadLetter, signal }: CaughtUpOptions,
  refuseToWait: () => Promise<void>,
): Promise<void> {
  signal?.throwIfAborted();
  const { database: queryable, statements, progress, feed } = parts;
  const until = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
  const target = await feed.highWaterMark();
  let over = false;

  const refuseLetters = async ({ name }: DefinedConsumer): Promise<void> => {
    if (onDeadLetter !== "reject") return;
    const [letter] = await queryable.query(statements.firstLetter, [tenant, name, target]);
    if (!letter) return;
    throw new HandlerFailedError(
      { consumer: name, shard: toSafeInteger(letter["shard"]), position: toSafeInteger(letter["position"]) },
      letter["message"] ?? "it waits behind another event of its stream",
      "It is a dead letter: store.deadLetters.retry or discard settles it.",
      {},
    );
  };

  const wait = async (consumer: DefinedConsumer): Promise<void> => {
    const waitedFor = consumer.settings.projection?.name ?? consumer.name;
    const goOn = async (): Promise<number | false> => {
      signal?.throwIfAborted();
      await refuseToWait();
      await refuseLetters(consumer);
      const left = until - performance.now();
      return !over && left > 0 && Math.min(left, pollMs);
    };
    const reached = await reach({ queryable, statements, progress, tenant, consumer: consumer.name }, target, goOn);
    if (reached === undefined) throw await consumerNotFound(parts, tenant, waitedFor);
    if (reached < target && !over) throw new WaitTimeoutError({ waitedFor, target, reached, timeoutMs: timeoutMs ?? 0 });
    await refuseLetters(consumer);
  };

  const wake = (): void => consumers.forEach(({ name }) => progress.moved(tenant, name));
  signal?.addEventListener("abort", wake, { once: true });
  try {
    await Promise.all(consumers.map(wait));
    // A log that was replaced by a shorter one has been passed, too.
    await refuseToWait();
  } finally {
    over = true;
    signal?.removeEventListener("abort", wake);
  }
}
