import { checkSignal, wholeNumber } from "../arguments/checks.ts";
import { checkConsumerName } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { type NotFoundError, WaitTimeoutError } from "../errors/following.ts";
import { toSafeInteger } from "../database/number.ts";
import type { FollowerKind } from "./follower.ts";
import { type AwaitedFollower, waitForCheckpoint } from "./wait-for-checkpoint.ts";
import type { WorkerContext } from "./worker-context.ts";

const defaultTimeoutMs = 5_000;
const checkPosition = wholeNumber(0);

/**
 * Options of `waitFor`.
 *
 * @example
 * ```ts
 * const { position } = await store.appendToStream("cart-42", [itemAdded]);
 * const options: WaitOptions = { timeoutMs: 10_000 };
 * await store.waitFor("cart-summary", position, options);
 * ```
 */
export interface WaitOptions {
  /** @defaultValue 5,000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The checkpoints that `store.waitFor` waits for. */
export interface WaitTargets {
  /** In this order they are asked for a follower of the name. */
  readonly kinds: readonly FollowerKind[];
  readonly notFound: (tenant: string, name: string) => Promise<NotFoundError>;
}

/** See `EventStore.waitFor`. */
export async function waitFor(
  context: WorkerContext,
  { kinds, notFound }: WaitTargets,
  { tenant, name, position }: { readonly tenant: string; readonly name: string; readonly position: number },
  options?: WaitOptions,
): Promise<void> {
  const given = checkConsumerName(name, "name");
  const target = checkPosition(position, "position");
  const { timeoutMs = defaultTimeoutMs, signal } = checkOptions(options, { timeoutMs: wholeNumber(0, 2_147_483_647), signal: checkSignal });
  signal?.throwIfAborted();
  const followers = await find(context, kinds, tenant, given);
  const until = performance.now() + timeoutMs;
  for (const follower of followers) {
    const onAbort = (): void => context.progress.moved(follower.tenant, follower.name);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const reached = await waitForCheckpoint(context, follower, target, () => {
        signal?.throwIfAborted();
        const left = until - performance.now();
        return left > 0 && left;
      });
      if (reached === undefined) throw await notFound(tenant, given);
      if (reached < target) throw new WaitTimeoutError({ waitedFor: given, target, reached, timeoutMs });
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }
  if (followers.length === 0) throw await notFound(tenant, given);
}

/** What a name means: the followers of one kind, most often one. */
async function find({ database, schema }: WorkerContext, kinds: readonly FollowerKind[], tenant: string, name: string): Promise<readonly AwaitedFollower[]> {
  const found = kinds.map(({ findSql }, rank) => `select '${rank}' as rank, f.tenant, f.name, f.absent::text as absent from (${findSql(schema)}) as f`);
  const text = `${found.join("\n union all\n")}\n order by rank`;
  const rows = await database.query({ name: "tidemark_worker_find", text }, [tenant, name]);
  return rows
    .filter((row) => row["rank"] === rows[0]?.["rank"])
    .flatMap((row) => {
      const kind = kinds[Number(row["rank"])];
      if (!kind) return [];
      return [{ kind, tenant: row["tenant"] ?? "", name: row["name"] ?? "", absent: row["absent"] == null ? undefined : toSafeInteger(row["absent"]) }];
    });
}
