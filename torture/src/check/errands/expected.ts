import type { Errand } from "../../errands/errands.ts";
import { noteStream, type Step, workStream } from "../../errands/plan.ts";
import { type ErrandInput, type ErrandInstance, placeOf, stepsOf } from "./instances.ts";

/** A command or an append that an instance has to have issued. */
export interface ExpectedCommand {
  readonly input: number;
  readonly path: readonly number[];
  readonly kind: "command" | "append";
  readonly status: "done" | "refused";
  /** A stream for each event that it writes, once. */
  readonly streams: readonly string[];
  /** The state that returned it. */
  readonly state: Errand;
  readonly cause: ErrandInput;
}

/** In the order of issue. */
export function expectedOf(instance: ErrandInstance): readonly ExpectedCommand[] {
  return stepsOf(instance).flatMap(({ input, path, step }) => {
    const cause = instance.line[input - 1];
    const state = instance.states[input];
    if (!cause || !state) return [];
    const common = { input, path, state, cause };
    if (step.kind === "append") return [{ ...common, kind: "append", status: "done", streams: Array.from({ length: step.events }, () => step.stream) }];
    if (step.kind !== "command") return [];
    if (step.refused === undefined) return [{ ...common, kind: "command", status: "done", streams: step.streams }];
    return [{ ...common, kind: "command", status: "refused", streams: [] }, ...afterRefusal(instance, { ...common, step })];
  });
}

/** What `orElse` returned, by the state that it was called with. */
function afterRefusal(
  instance: ErrandInstance,
  { step, input, path, cause }: Pick<ExpectedCommand, "input" | "path" | "cause"> & { readonly step: Step & { readonly kind: "command" } },
): readonly ExpectedCommand[] {
  const state = instance.states[refusedAt(instance, input, path) ?? -1];
  if (!state || step.refused === "nothing" || step.refused === "timer") return [];
  const common = { input, path: [...path, 0], status: "done", state, cause } as const;
  return step.refused === "command"
    ? [{ ...common, kind: "command", streams: [workStream(state.inputs)] }]
    : [{ ...common, kind: "append", streams: [noteStream(input)] }];
}

/** How many inputs were folded when a command was refused; undefined where it was not. */
export function refusedAt({ commands }: ErrandInstance, input: number, path: readonly number[]): number | undefined {
  return commands.get(placeOf(input, path))?.[5] ?? undefined;
}

/** What ended an instance: an input whose effects say so, or a refusal whose `orElse` does. */
export function endOf(instance: ErrandInstance): { readonly input: number; readonly path: readonly number[]; readonly at: number } | undefined {
  const ends = stepsOf(instance).flatMap(({ input, path, step }) => {
    if (step.kind === "complete") return [{ input, path: [], at: input }];
    const at = step.kind === "command" && step.refused === "complete" ? refusedAt(instance, input, path) : undefined;
    return at === undefined ? [] : [{ input, path, at }];
  });
  // Of one input the effects are recorded before any of them can be refused.
  return ends.toSorted((a, b) => a.at - b.at || a.path.length - b.path.length || a.input - b.input || comparePaths(a.path, b.path))[0];
}

export function comparePaths(a: readonly number[], b: readonly number[]): number {
  for (const [index, place] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    if (place !== other) return place - other;
  }
  return a.length - b.length;
}
