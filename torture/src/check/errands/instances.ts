import { type Errand } from "../../errands/errands.ts";
import { inputTypes, instanceOf, ownPrefix, timedOut, toldPrefix } from "../../errands/inputs.ts";
import { planOf, type Step } from "../../errands/plan.ts";
import { digestOf } from "../../history/digest.ts";
import type { ErrandCommand, ErrandEvent, ErrandsLeft } from "../../history/final.ts";

/** An input of the process in the log. */
export interface ErrandInput {
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly correlationId: string | null;
}

/** An instance as the process left it, beside what the log says. */
export interface ErrandInstance {
  readonly name: string;
  readonly status: string;
  readonly parked: string | null;
  /** How many inputs are recorded, how many of them are folded, and how many came after the end. */
  readonly inputs: number;
  readonly handled: number;
  readonly late: number;
  readonly state: Errand;
  /** Positions of the recorded ones, by number. */
  readonly recorded: readonly (readonly [number: number, position: number])[];
  /** All of its events in the log. */
  readonly line: readonly ErrandInput[];
  /** Its state after so many inputs of the line. */
  readonly states: readonly Errand[];
  readonly commands: ReadonlyMap<string, ErrandCommand>;
  /** Where it stood still before the code was mended. */
  readonly parkedAt: { readonly at: string; readonly input: number } | undefined;
}

/** Names an effect within its instance. */
export function placeOf(input: number, path: readonly number[]): string {
  return `${input}/${path.join("/")}`;
}

/** What each folded input leads to. */
export function stepsOf({ line, handled }: ErrandInstance): readonly { readonly input: number; readonly path: readonly number[]; readonly step: Step }[] {
  return line.slice(0, handled).flatMap(({ id, type }, index) => planOf(id, type).map((step, place) => ({ input: index + 1, path: [place], step })));
}

/** All instances that the process or the log knows. */
export function instancesOf(left: ErrandsLeft): readonly ErrandInstance[] {
  const lines = linesOf(left.events);
  const rows = new Map(left.instances.map((row) => [row[0], row]));
  const recorded = Map.groupBy(left.inputs, ([instance]) => instance);
  const commands = Map.groupBy(left.commands, ([instance]) => instance);
  const parked = new Map(left.parked.map(([instance, at, input]) => [instance, { at, input }]));
  return [...new Set([...rows.keys(), ...lines.keys()])].map((name): ErrandInstance => {
    const [, status = "absent", parkedNow = null, inputs = 0, handled = 0, late = 0, state = { inputs: 0, digest: 0 }] = rows.get(name) ?? [];
    const line = lines.get(name) ?? [];
    return {
      name,
      status,
      parked: parkedNow,
      inputs,
      handled,
      late,
      state,
      recorded: (recorded.get(name) ?? []).map(([, number, position]) => [number, position]),
      line,
      states: statesOf(line),
      commands: new Map((commands.get(name) ?? []).map((command) => [placeOf(command[1], command[2]), command])),
      parkedAt: parked.get(name),
    };
  });
}

function linesOf(events: readonly ErrandEvent[]): ReadonlyMap<string, ErrandInput[]> {
  const lines = new Map<string, ErrandInput[]>();
  for (const [position, id, stream, type, , correlationId] of events) {
    const isInput = type === timedOut ? stream.startsWith(ownPrefix) : inputTypes.some((one) => one === type) && stream.startsWith(toldPrefix);
    if (!isInput) continue;
    const input = { position, id, type, correlationId };
    const line = lines.get(instanceOf(stream));
    if (line) line.push(input);
    else lines.set(instanceOf(stream), [input]);
  }
  return lines;
}

function statesOf(line: readonly ErrandInput[]): readonly Errand[] {
  const states: Errand[] = [{ inputs: 0, digest: 0 }];
  for (const { id } of line) {
    const { inputs, digest } = states.at(-1) ?? { inputs: 0, digest: 0 };
    states.push({ inputs: inputs + 1, digest: digestOf(digest, id) });
  }
  return states;
}
