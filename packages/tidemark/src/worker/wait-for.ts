import { checkSignal, wholeNumber } from "../arguments/checks.ts";
import { checkConsumerName } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { WaitTimeoutError } from "../errors-following.ts";
import type { WorkerParts } from "./parts.ts";
import { consumerNotFound } from "./not-found.ts";
import { reach } from "./reach.ts";

const defaultTimeoutMs = 5_000;
const checkPosition = wholeNumber(0);

export interface WaitOptions {
  /** @defaultValue 5,000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** See `EventStore.waitFor`. */
export async function waitFor(parts: WorkerParts, tenant: string, name: string, position: number, options?: WaitOptions): Promise<void> {
  const consumer = checkConsumerName(name, "name");
  const target = checkPosition(position, "position");
  const { timeoutMs = defaultTimeoutMs, signal } = checkOptions(options, { timeoutMs: wholeNumber(0, 2_147_483_647), signal: checkSignal });
  signal?.throwIfAborted();
  const until = performance.now() + timeoutMs;
  const onAbort = (): void => parts.progress.moved(tenant, consumer);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const { database: queryable, statements, progress } = parts;
    const reached = await reach({ queryable, statements, progress, tenant, consumer }, target, () => {
      signal?.throwIfAborted();
      const left = until - performance.now();
      return left > 0 && left;
    });
    if (reached === undefined) throw await consumerNotFound(parts, tenant, consumer);
    if (reached < target) throw new WaitTimeoutError({ waitedFor: consumer, target, reached, timeoutMs });
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}
