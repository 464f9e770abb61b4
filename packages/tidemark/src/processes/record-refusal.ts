import { isRecord } from "../arguments/options.ts";
import type { EventDecoder } from "../catalogue/event-codec.ts";
import type { Session } from "../database/database.ts";
import type { EventMetadata } from "../model/event.ts";
import type { CommandEffect, Effect } from "./effect.ts";
import type { Instance } from "./instance.ts";
import type { PendingCommand } from "./pending-command.ts";
import { type InputsContext, loadInstances, writeInstances, type WrittenInputs } from "./process-inputs.ts";
import { readHandled } from "./read-inputs.ts";
import { type Reaction, recordEffects } from "./record-effects.ts";
import { storedError } from "./stored-error.ts";

/** Thrown out of the transaction of a refusal: what `orElse` threw is no failure of the database. */
export class OrElseFailed extends Error {
  constructor(cause: unknown) {
    super("orElse threw", { cause });
  }
}

/** What a decider refused, with the error it threw, and what the effect says to do then. */
export interface Refusal {
  readonly command: PendingCommand;
  readonly error: unknown;
  readonly orElse: CommandEffect["orElse"];
}

export interface RecordedRefusal {
  readonly written: WrittenInputs;
  /** What `orElse` returned. */
  readonly effects: readonly Effect[];
}

/**
 * Records a refusal, and what `orElse` returns for it. Undefined: the command is not pending any more.
 *
 * @throws {@link OrElseFailed}
 */
export async function recordRefusal(
  context: InputsContext & { readonly decoder: Pick<EventDecoder, "decode"> },
  tenant: string,
  session: Session,
  { command, error, orElse }: Refusal,
): Promise<RecordedRefusal | undefined> {
  const { process, statements, tools } = context;
  const { id, instance: name, input, path, payload } = command;
  const instance = (await loadInstances(context, tenant, session, [name])).own.get(name);
  if (!instance) return undefined;
  const [refused] = await session.query(statements.refuse, [id, JSON.stringify(storedError(error)), instance.row.handled]);
  if (!refused) return undefined;
  if (instance.stale) {
    const failure = instance.refold(await readHandled(context, session, instance));
    if (failure) throw new OrElseFailed(failure.error);
  }
  const cause = { process: process.name, instance: name, input, path, metadata: metadataOf(payload) };
  const reaction = await orElseOf(orElse, error, instance, (returned) => recordEffects(tools, returned, cause, "orElse"));
  instance.add(reaction);
  return { effects: reaction.effects, written: await writeInstances(context, tenant, session, [instance]) };
}

async function orElseOf(
  orElse: CommandEffect["orElse"],
  error: unknown,
  { row }: Instance,
  record: (returned: unknown) => Promise<Reaction>,
): Promise<Reaction> {
  try {
    return await record(orElse ? orElse(error, JSON.parse(row.state)) : []);
  } catch (thrown) {
    throw new OrElseFailed(thrown);
  }
}

/** What everything that the input leads to carries. */
function metadataOf(payload: unknown): EventMetadata {
  const metadata = isRecord(payload) ? payload["metadata"] : undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- recorded by recordEffects
  return (metadata ?? {}) as EventMetadata;
}
