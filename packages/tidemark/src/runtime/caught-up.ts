import { checkSignal, oneOf, wholeNumber } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import type { FollowedLog } from "../feed/followed-log.ts";
import { WaitTimeoutError } from "../errors/following.ts";
import type { Follower } from "./follower.ts";
import { followerGone } from "./follower-gone.ts";
import { waitForCheckpoint } from "./wait-for-checkpoint.ts";
import type { WorkerContext } from "./worker-context.ts";
import type { CaughtUpOptions } from "./worker.ts";

const pollMs = 250;
const shape = { timeoutMs: wholeNumber(0, 2_147_483_647), onDeadLetter: oneOf("ignore", "reject"), signal: checkSignal };

export function checkCaughtUp(options: CaughtUpOptions | undefined): CaughtUpOptions {
  return checkOptions(options, shape);
}

/**
 * Waits until all shards of these followers have passed the high-water mark of this moment, and nothing that was requested is pending.
 *
 * @param refuseToWait - Called before each wait, and at the end: rejects where the waiting is over for another reason.
 */
export async function caughtUp(
  context: WorkerContext,
  tenant: string,
  followers: readonly Follower[],
  { timeoutMs, onDeadLetter, signal }: CaughtUpOptions,
  refuseToWait: () => Promise<void>,
): Promise<void> {
  signal?.throwIfAborted();
  const { progress, feed } = context;
  const until = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
  const targets = await marksOf(followers, feed);
  const targetOf = ({ source }: Follower): number => targets.get(source?.log ?? feed) ?? 0;
  let over = false;

  const refuseGivenUp = async (follower: Follower): Promise<void> => {
    const error = onDeadLetter === "reject" ? await follower.firstGivenUp?.(tenant, targetOf(follower)) : undefined;
    if (error) throw error;
  };

  const wait = async (follower: Follower): Promise<void> => {
    const target = targetOf(follower);
    let late = false;
    const goOn = async (): Promise<number | false> => {
      signal?.throwIfAborted();
      await refuseToWait();
      await refuseGivenUp(follower);
      const left = until - performance.now();
      late = left <= 0;
      return !over && !late && Math.min(left, pollMs);
    };
    const { name, kind, requestPending } = follower;
    const reached = await waitForCheckpoint(context, { tenant, name, kind, requestPending }, target, goOn);
    if (reached === undefined) throw followerGone(follower);
    if (late && !over) throw new WaitTimeoutError({ waitedFor: follower.owner, target, reached, timeoutMs: timeoutMs ?? 0 });
    await refuseGivenUp(follower);
  };

  const wake = (): void => followers.forEach(({ name }) => progress.moved(tenant, name));
  signal?.addEventListener("abort", wake, { once: true });
  try {
    await Promise.all(followers.map(wait));
    // A log that was replaced by a shorter one has been passed, too.
    await refuseToWait();
  } finally {
    over = true;
    signal?.removeEventListener("abort", wake);
  }
}

/** Of each log that one of them follows, the mark of this moment. */
async function marksOf(followers: readonly Follower[], feed: FollowedLog): Promise<ReadonlyMap<FollowedLog, number>> {
  const logs = [...new Set(followers.map(({ source }) => source?.log ?? feed))];
  return new Map(await Promise.all(logs.map(async (log) => [log, await log.highWaterMark()] as const)));
}
