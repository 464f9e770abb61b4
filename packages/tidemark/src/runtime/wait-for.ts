import { checkSignal, wholeNumber } from "../arguments/checks.ts";
import { checkConsumerName } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { WaitTimeoutError } from "../errors/following.ts";
import type { WorkerParts } from "./parts.ts";
import { consumerNotFound } from "../consumers/not-found.ts";
import { functionName } from "../schema/function-set.ts";
import { reach, type Reaching } from "./reach.ts";

const defaultTimeoutMs = 5_000;
const checkPosition = wholeNumber(0);

export interface WaitOptions {
  /** @defaultValue 5,000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** See `EventStore.waitFor`. */
export async function waitFor(parts: WorkerParts, tenant: string, name: string, position: number, options?: WaitOptions): Promise<void> {
  const given = checkConsumerName(name, "name");
  const target = checkPosition(position, "position");
  const { timeoutMs = defaultTimeoutMs, signal } = checkOptions(options, { timeoutMs: wholeNumber(0, 2_147_483_647), signal: checkSignal });
  signal?.throwIfAborted();
  const { owner, consumer, absent } = await readerOf(parts, tenant, given);
  const until = performance.now() + timeoutMs;
  const onAbort = (): void => parts.progress.moved(owner, consumer);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const { database: queryable, statements, progress } = parts;
    const reached = await reach({ queryable, statements, progress, tenant: owner, consumer, absent }, target, () => {
      signal?.throwIfAborted();
      const left = until - performance.now();
      return left > 0 && left;
    });
    if (reached === undefined) throw await consumerNotFound(parts, tenant, given);
    if (reached < target) throw new WaitTimeoutError({ waitedFor: given, target, reached, timeoutMs });
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Whose checkpoint tells: the consumer's of this name, or that of the follower of the newest version of a projection. */
async function readerOf(parts: WorkerParts, tenant: string, name: string): Promise<Pick<Reaching, "consumer" | "absent"> & { readonly owner: string }> {
  const at = quoteIdentifier(parts.schema);
  const text = `
select c.tenant, c.name, '0' as version from ${at}.consumers as c where c.tenant = $1 and c.name = $2 and c.kind = 'consumer'
 union all
(
  select case p.mode when 'inline' then '' else $1 end, ${functionName(parts.schema, "follower_name")}('projection', p.name, p.version), p.version::text
    from ${at}.projections as p where p.name = $2 order by p.version desc limit 1
)
 order by version
 limit 1`;
  const [row] = await parts.database.query({ name: "tidemark_worker_reader", text }, [tenant, name]);
  const isProjection = row !== undefined && row["version"] !== "0";
  return { owner: row?.["tenant"] ?? tenant, consumer: row?.["name"] ?? name, absent: isProjection ? 0 : undefined };
}
