import { abort } from "./abort.ts";
import { appendAgain } from "./append-again.ts";
import { appendAndCheck } from "./append-and-check.ts";
import { appendAtALimit } from "./append-at-a-limit.ts";
import { appendOnCondition } from "./append-on-condition.ts";
import { appendToStream } from "./append-to-stream.ts";
import { appendToStreams } from "./append-to-streams.ts";
import { appendShapes } from "./append-shapes.ts";
import { command } from "./command.ts";
import { commandOnShapes } from "./command-on-shapes.ts";
import { decideOnShapes } from "./decide-on-shapes.ts";
import { errand } from "./errand.ts";
import { endedTransaction } from "./ended-transaction.ts";
import { forgottenAwait } from "./forgotten-await.ts";
import type { Operation } from "./operation.ts";
import { ownTransaction } from "./own-transaction.ts";
import { publish } from "./publish.ts";
import { race } from "./race.ts";
import { readSnapshot } from "./read-snapshot.ts";
import { readStream } from "./read-stream.ts";
import { snapshotTransaction } from "./snapshot-transaction.ts";
import { timer } from "./timer.ts";
import { transaction } from "./transaction.ts";
import { transfer } from "./transfer.ts";
import { twoViews } from "./two-views.ts";

export const operations: readonly [Operation, ...Operation[]] = [
  appendToStream,
  appendToStreams,
  appendAndCheck,
  appendAgain,
  appendAtALimit,
  appendOnCondition,
  abort,
  race,
  transaction,
  ownTransaction,
  snapshotTransaction,
  endedTransaction,
  forgottenAwait,
  twoViews,
  readStream,
  readSnapshot,
  command,
  transfer,
  appendShapes,
  decideOnShapes,
  commandOnShapes,
  timer,
  errand,
  publish,
];

/** Every operation as often as its weight says; or of those that are named. */
export function drawn(names?: readonly string[]): readonly [Operation, ...Operation[]] {
  const [first, ...others] = operations
    .filter(({ name }) => names?.includes(name) ?? true)
    .flatMap((operation) => Array.from({ length: operation.weight }, () => operation));
  if (!first) throw new TypeError(`There is no operation ${names?.join(", ")}; there are ${operations.map(({ name }) => name).join(", ")}.`);
  return [first, ...others];
}
