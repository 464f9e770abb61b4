import type { RecordedEvent } from "../model/event.ts";
import { checkInstanceId } from "../arguments/names.ts";
import type { Queryable, Session, TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { DatabaseError } from "../errors/database.ts";
import { partitionOf } from "../runtime/partition.ts";
import type { Cancellation } from "../timers/timer-writes.ts";
import type { TimerParts } from "../timers/timer-parts.ts";
import type { DefinedProcess } from "./defined-process.ts";
import type { Effect } from "./effect.ts";
import { type FoldTools, type Input, type InputFailure, Instance } from "./instance.ts";
import { instanceOfTimer } from "./own-stream.ts";
import type { ProcessStatements } from "./statements.ts";

/** What a transaction has written, for what follows its commit. */
export interface WrittenInputs {
  /** What `react` returned, by instance and input. */
  readonly effects: readonly { readonly instance: number; readonly input: number; readonly effects: readonly Effect[] }[];
  readonly failures: readonly (InputFailure & { readonly instance: string })[];
  /** Until the first of the timers that were set is due. */
  readonly timersInMs: number | undefined;
}

export interface InputsContext {
  readonly process: DefinedProcess;
  readonly statements: ProcessStatements;
  readonly timers: TimerParts;
  readonly tools: FoldTools;
}

/** The events of a batch by instance, in the order of the log. The parts of one stored event that belong together are one input. */
export function inputsByInstance(process: DefinedProcess, events: readonly RecordedEvent[]): ReadonlyMap<string, Input[]> {
  const byInstance = new Map<string, { readonly position: number; readonly parts: RecordedEvent[] }[]>();
  for (const event of events) {
    const name = instanceOf(process, event);
    if (name === undefined) continue;
    const inputs = byInstance.get(name) ?? [];
    byInstance.set(name, inputs);
    const last = inputs.at(-1);
    if (last?.position === event.position) last.parts.push(event);
    else inputs.push({ position: event.position, parts: [event] });
  }
  return byInstance;
}

/** Undefined: the event is none of the process's. Throws what `instanceId` throws. */
export function instanceOf({ name, settings }: DefinedProcess, event: RecordedEvent): string | undefined {
  // What the catalogue makes of an older event may be of a type that the process does not handle.
  if (!settings.handles.includes(event.type)) return undefined;
  const own = instanceOfTimer(name, event);
  if (own !== undefined) return own;
  const given = settings.instanceId(event);
  return given === null ? undefined : checkInstanceId(given, `instanceId(${event.type})`);
}

/** Instances by name: those that are there, locked, and what is known of the others. */
export interface LoadedInstances {
  readonly own: ReadonlyMap<string, Instance>;
  /** Those that another version runs, and whether each has ended. */
  readonly others: ReadonlyMap<string, { readonly ended: boolean }>;
}

/** Loads and locks these instances, as far as this version runs them. */
export async function loadInstances(
  { process, statements, tools }: InputsContext,
  tenant: string,
  session: Session,
  names: readonly string[],
): Promise<LoadedInstances> {
  const rows = await session.query(statements.load, [tenant, process.name, process.version, JSON.stringify(names)]);
  const isOwn = (row: TextRow): boolean => toSafeInteger(row["version"]) === process.version;
  const nameOf = (row: TextRow): string => row["instance"] ?? "";
  return {
    own: new Map(rows.filter(isOwn).map((row) => [nameOf(row), new Instance(tools, nameOf(row), row)])),
    others: new Map(rows.filter((row) => !isOwn(row)).map((row) => [nameOf(row), { ended: row["status"] !== "running" }])),
  };
}

/** Writes what a transaction made of instances, with their timers. */
export async function writeInstances(
  { process, statements, timers }: InputsContext,
  tenant: string,
  session: Session,
  instances: readonly Instance[],
): Promise<WrittenInputs> {
  const rows = instances.map(({ name, row }) => ({ instance: name, hash: partitionOf(name), ...row, state: JSON.parse(row.state) }));
  const answer = await session.query(statements.record, [
    tenant,
    process.name,
    process.version,
    JSON.stringify(rows),
    JSON.stringify(instances.flatMap(({ name, recorded }) => recorded.map((input) => ({ instance: name, ...input })))),
    JSON.stringify(instances.flatMap(({ name, commands }) => commands.map((command) => ({ instance: name, ...command })))),
  ]);
  const ids = new Map(answer.map((row) => [row["instance"] ?? "", toSafeInteger(row["id"])]));
  const idOf = ({ name }: Instance): number => {
    const id = ids.get(name);
    if (id !== undefined) return id;
    throw new DatabaseError(
      `Instance ${JSON.stringify(name)} of the process ${JSON.stringify(process.name)} was started by another version than ${process.version} meanwhile, which cannot be.`,
      { sqlState: "XX000" },
    );
  };
  for (const instance of instances) idOf(instance);
  return {
    timersInMs: await writeTimers(timers, tenant, session, instances, idOf),
    effects: instances.flatMap((one) => [...one.effects].map(([input, effects]) => ({ instance: idOf(one), input, effects }))),
    failures: instances.flatMap(({ name, failure }) => (failure ? [{ instance: name, ...failure }] : [])),
  };
}

/** Cancelled first, as they are two statements: no key is in both. */
async function writeTimers(
  { writes }: TimerParts,
  tenant: string,
  session: Queryable,
  instances: readonly Instance[],
  idOf: (instance: Instance) => number,
): Promise<number | undefined> {
  const cancelled = instances.flatMap((one): Cancellation[] => {
    if (one.endsNow) return [{ owner: idOf(one), keys: "all" }];
    const keys = [...one.timers].filter(([, timer]) => timer === undefined).map(([key]) => key);
    return keys.length === 0 ? [] : [{ owner: idOf(one), keys }];
  });
  if (cancelled.length > 0) await writes.cancel(session, tenant, cancelled);
  const set = instances.flatMap((one) => [...one.timers.values()].flatMap((timer) => (timer ? [{ ...timer, owner: idOf(one) }] : [])));
  if (set.length === 0) return undefined;
  const due = await writes.set(session, tenant, set);
  return due.reduce((least, { inMs }) => Math.min(least, inMs), Number.POSITIVE_INFINITY);
}
