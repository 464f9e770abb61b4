import { toSafeInteger } from "../database/number.ts";
import type { Queryable } from "../database/database.ts";
import type { EventDecoder } from "../catalogue/event-codec.ts";
import type { DefinedProcess } from "./defined-process.ts";
import { checkEffects } from "./check-effects.ts";
import type { Effect } from "./effect.ts";
import { evolved } from "./instance.ts";
import type { PendingCommand } from "./pending-command.ts";
import { readInputs } from "./read-inputs.ts";
import type { ProcessStatements } from "./statements.ts";
import { errorAgain, type StoredError } from "./stored-error.ts";

export interface RecoveryContext {
  readonly process: DefinedProcess;
  readonly statements: ProcessStatements;
  readonly database: Queryable;
  readonly decoder: Pick<EventDecoder, "decode">;
}

/**
 * What `react` returned for a command's input, or `orElse` for the refused command that it follows, made again: the functions are pure.
 * Throws what they throw.
 */
export async function recoverEffects(context: RecoveryContext, command: PendingCommand): Promise<readonly Effect[]> {
  let effects = await reactAgain(context, command);
  for (let depth = 1; depth < command.path.length; depth++) {
    const refused = command.path.slice(0, depth);
    const effect = effects[refused.at(-1) ?? -1];
    if (effect?.effect !== "command" || !effect.orElse) return [];
    const { error, stateNumber } = await readRefusal(context, command, refused);
    effects = checkEffects(effect.orElse(errorAgain(error), await stateAt(context, command, stateNumber)), "orElse");
  }
  return effects;
}

async function reactAgain(context: RecoveryContext, { instanceId: id, instance: name, input }: PendingCommand): Promise<readonly Effect[]> {
  const { evolve, initialState, react } = context.process.settings;
  let state = initialState();
  let effects: readonly Effect[] = [];
  for (const { number, parts } of await readInputs(context, context.database, { id, name }, { after: 0, until: input })) {
    for (const event of parts) {
      state = evolved(evolve(state, event));
      if (number === input) effects = [...effects, ...checkEffects(react(event, structuredClone(state)), "react")];
    }
  }
  return effects;
}

async function stateAt(context: RecoveryContext, { instanceId: id, instance: name }: PendingCommand, until: number): Promise<unknown> {
  const { evolve, initialState } = context.process.settings;
  const inputs = await readInputs(context, context.database, { id, name }, { after: 0, until });
  return inputs.flatMap(({ parts }) => parts).reduce((state, event) => evolved(evolve(state, event)), initialState());
}

async function readRefusal(
  { database, statements }: RecoveryContext,
  { instanceId, input }: PendingCommand,
  path: readonly number[],
): Promise<{ readonly error: StoredError; readonly stateNumber: number }> {
  const [row] = await database.query(statements.command, [instanceId, input, `{${path.join(",")}}`]);
  const error: StoredError = JSON.parse(row?.["error"] ?? '{"name":"Error","code":null,"message":""}');
  return { error, stateNumber: toSafeInteger(row?.["state_number"] ?? "0") };
}
