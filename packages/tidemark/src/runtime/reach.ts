import type { Queryable } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { keepProcess } from "../async/keep-process.ts";
import type { Progress } from "./progress.ts";
import { Signal } from "../async/signal.ts";
import type { WorkerStatements } from "./statements.ts";

const firstPollMs = 10;
const mostPollMs = 250;

export interface Reaching {
  readonly queryable: Queryable;
  readonly statements: WorkerStatements;
  readonly progress: Progress;
  readonly tenant: string;
  readonly consumer: string;
  /** What counts where there is no such consumer: a projection that no worker has begun to follow is at 0. */
  readonly absent?: number | undefined;
}

/**
 * Waits until all shards of a consumer have passed a position: looks again whenever one of this process moves, and polls for
 * those of others, ever more slowly. Returns where they are when `goOn` says to stop; undefined where there is no such
 * consumer.
 *
 * @param goOn - Asked before each wait: how long to wait at most, or false. What it throws passes through.
 */
export async function reach(wait: Reaching, position: number, goOn: () => number | false | Promise<number | false>): Promise<number | undefined> {
  const { queryable, statements, progress, tenant, consumer, absent } = wait;
  const moved = new Signal();
  const unlisten = progress.listen(tenant, consumer, () => moved.raise());
  const letGo = keepProcess();
  try {
    for (let pollMs = firstPollMs; ; pollMs = Math.min(mostPollMs, pollMs * 1.5)) {
      const [row] = await queryable.query(statements.progress, [tenant, consumer]);
      const reached = row?.["reached"] == null ? absent : toSafeInteger(row["reached"]);
      if (reached === undefined) return undefined;
      if (reached >= position) return reached;
      const left = await goOn();
      if (left === false) return reached;
      await moved.wait({ ms: Math.min(pollMs, left) });
    }
  } finally {
    letGo();
    unlisten();
  }
}
