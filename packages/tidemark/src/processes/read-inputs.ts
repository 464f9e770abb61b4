import { decodedParts, type EventDecoder } from "../catalogue/event-codec.ts";
import type { Queryable } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { decodeLogEvent } from "../read/decode.ts";
import type { DefinedProcess } from "./defined-process.ts";
import type { Input, Instance } from "./instance.ts";
import { inputsByInstance } from "./process-inputs.ts";
import type { ProcessStatements } from "./statements.ts";

export interface RecordedInput extends Input {
  readonly number: number;
}

/** An instance, by the id of its row and by name. */
export interface InstancePlace {
  readonly id: number;
  readonly name: string;
}

interface ReadingContext {
  readonly process: DefinedProcess;
  readonly statements: ProcessStatements;
  readonly decoder: Pick<EventDecoder, "decode">;
}

/** The inputs that an instance has folded into its state. */
export function readHandled(context: ReadingContext, queryable: Queryable, { id = 0, name, row }: Instance): Promise<readonly RecordedInput[]> {
  return readInputs(context, queryable, { id, name }, { after: 0, until: row.handled });
}

/** The recorded inputs of an instance after a number, up to another one, as today's code reads them. */
export async function readInputs(
  context: ReadingContext,
  queryable: Queryable,
  { id, name }: InstancePlace,
  { after, until }: { readonly after: number; readonly until: number },
): Promise<readonly RecordedInput[]> {
  const rows = await queryable.query(context.statements.inputs, [id, after, until]);
  return rows.map((row) => {
    const stored = decodeLogEvent(row);
    const [input] = inputsByInstance(context.process, decodedParts(stored, context.decoder)).get(name) ?? [];
    return { number: toSafeInteger(row["number"]), position: stored.position, parts: input?.parts ?? [] };
  });
}
