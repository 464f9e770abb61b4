import type { Statement } from "../database/database.ts";
import { keepProcess } from "../async/keep-process.ts";
import { Signal } from "../async/signal.ts";
import { toSafeInteger } from "../database/number.ts";
import type { FollowerKind } from "./follower.ts";
import type { WorkerContext } from "./worker-context.ts";

const firstPollMs = 10;
const mostPollMs = 250;

/** A follower whose checkpoints are waited for. */
export interface AwaitedFollower {
  readonly tenant: string;
  readonly name: string;
  readonly kind: FollowerKind;
  /** The position that counts where it is not registered. Undefined: then there is nothing to wait for. */
  readonly absent?: number | undefined;
  /** Asked where the position is reached: true waits on. */
  readonly requestPending?: ((tenant: string) => Promise<boolean>) | undefined;
}

/**
 * Waits until all shards of a follower have passed a position: looks again whenever one of this process moves, and polls for
 * those of others, ever more slowly. Returns where they are when `goOn` says to stop; undefined where there is no such
 * follower.
 *
 * @param goOn - Asked before each wait: how long to wait at most, or false. What it throws passes through.
 */
export async function waitForCheckpoint(
  { database, schema, statements, progress }: WorkerContext,
  { tenant, name, kind, absent, requestPending }: AwaitedFollower,
  position: number,
  goOn: () => number | false | Promise<number | false>,
): Promise<number | undefined> {
  const statement: Statement = kind.reached?.(schema) ?? statements.reached;
  const moved = new Signal();
  let passed = false;
  const unlisten = progress.listen(
    tenant,
    name,
    () => moved.raise(),
    () => !passed,
  );
  const letGo = keepProcess();
  try {
    for (let pollMs = firstPollMs; ; pollMs = Math.min(mostPollMs, pollMs * 1.5)) {
      const [row] = await database.query(statement, [tenant, name]);
      const reached = row?.["reached"] == null ? absent : toSafeInteger(row["reached"]);
      if (reached === undefined) return undefined;
      passed = reached >= position;
      if (passed && !(await requestPending?.(tenant))) return reached;
      const left = await goOn();
      if (left === false) return reached;
      await moved.wait({ ms: Math.min(pollMs, left) });
    }
  } finally {
    letGo();
    unlisten();
  }
}
