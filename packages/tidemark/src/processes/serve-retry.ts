import type { EventDecoder } from "../catalogue/event-codec.ts";
import type { Session } from "../database/database.ts";
import type { ShardAccess } from "../runtime/follower.ts";
import { Instance } from "./instance.ts";
import { type InputsContext, writeInstances, type WrittenInputs } from "./process-inputs.ts";
import { readHandled, readInputs } from "./read-inputs.ts";

type RetryContext = InputsContext & { readonly decoder: Pick<EventDecoder, "decode"> };

/** Lets one instance of a shard go on whose retry was requested: folds the inputs that wait. Undefined: there is none. */
export async function serveRetry(
  context: RetryContext,
  { tenant, checkpoint }: Pick<ShardAccess, "tenant" | "checkpoint">,
  session: Session,
): Promise<WrittenInputs | undefined> {
  const { process, statements, tools } = context;
  const { of, shard } = checkpoint.shard;
  const [row] = await session.query(statements.requested, [tenant, process.name, process.version, of, shard]);
  if (!row) return undefined;
  const instance = new Instance(tools, row["instance"] ?? "", row);
  if (instance.row.parked === "input") await foldWaiting(context, session, instance);
  await session.query(statements.served, [instance.id ?? 0]);
  return await writeInstances(context, tenant, session, [instance]);
}

async function foldWaiting(context: RetryContext, session: Session, instance: Instance): Promise<void> {
  const { handled, inputs } = instance.row;
  instance.unpark();
  if (instance.stale && !instance.ended) await refold(context, session, instance);
  const place = { id: instance.id ?? 0, name: instance.name };
  for (const { number, ...input } of await readInputs(context, session, place, { after: handled, until: instance.failure ? handled : inputs })) {
    // A refusal may have ended it while its inputs waited.
    if (instance.failure || instance.ended) return;
    await instance.fold(number, input);
  }
}

/** Has `evolve`, which has changed, make the state again. Where it fails, the instance is parked. */
export async function refold(context: RetryContext, session: Session, instance: Instance): Promise<void> {
  const failure = instance.refold(await readHandled(context, session, instance));
  if (failure) instance.park(failure);
}
