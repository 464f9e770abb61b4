import { far, timerId } from "../../errands/plan.ts";
import { comparePaths, endOf, refusedAt } from "./expected.ts";
import { type ErrandInstance, stepsOf } from "./instances.ts";

/** What was said of the timers of one key: set, under the id of its event, or cancelled. */
interface Word {
  readonly key: string;
  readonly id: string | undefined;
  /** The input that said it; of an `orElse` also the refused command. */
  readonly input: number;
  readonly path: readonly number[];
  /** After so many inputs. */
  readonly at: number;
  readonly place: readonly number[];
}

/** A timer that an instance set. */
export interface ErrandTimer {
  readonly id: string;
  readonly key: string;
  readonly input: number;
  readonly place: readonly number[];
  readonly at: number;
  /** Nothing replaced or cancelled it: it fires. Otherwise no event of these inputs, from the transaction on that did, may stand before its own. */
  readonly endedBy: { readonly fromInput: number } | undefined;
}

export interface ErrandTimers {
  readonly set: readonly ErrandTimer[];
  /** Whether the timer that is due after the run is there. */
  readonly farIsSet: boolean;
}

export function timersOf(instance: ErrandInstance): ErrandTimers {
  const words = wordsOf(instance);
  const end = endOf(instance);
  const before = end ? words.filter((word) => isBefore(word, end)) : words;
  const set = before.flatMap(({ id, key, input, place, at }, index): ErrandTimer[] => {
    if (id === undefined) return [];
    const next = before.slice(index + 1).find((word) => word.key === key) ?? end;
    // What an input says is committed before any effect of it is issued, and what a refusal says before the next input's are.
    return [{ id, key, input, place, at, endedBy: next && { fromInput: next.path.length === 0 ? next.input : next.at + 1 } }];
  });
  const last = before.findLast(({ key }) => key === far);
  return { set, farIsSet: end === undefined && last?.id !== undefined };
}

/** In the order of the transactions that said it. */
function wordsOf(instance: ErrandInstance): readonly Word[] {
  const words = stepsOf(instance).flatMap(({ input, path, step }): Word[] => {
    const cause = instance.line[input - 1]?.id ?? "";
    const said = { input, path: [], at: input, place: path };
    if (step.kind === "timer") return [{ ...said, key: step.key, id: timerId(cause, path) }];
    if (step.kind === "cancel") return [{ ...said, key: step.key, id: undefined }];
    const at = step.kind === "command" && step.refused === "timer" ? refusedAt(instance, input, path) : undefined;
    const place = [...path, 0];
    return at === undefined ? [] : [{ key: "soon", id: timerId(cause, place), input, path, at, place }];
  });
  const ordered = words.toSorted((a, b) => a.at - b.at || a.path.length - b.path.length || a.input - b.input || comparePaths(a.place, b.place));
  // Of one input the last word on a key counts.
  return ordered.filter((word, index) => {
    const later = ordered.slice(index + 1).filter(({ key, at, path }) => key === word.key && at === word.at && path.length === 0);
    return word.path.length > 0 || later.length === 0;
  });
}

function isBefore({ at, path, input, place }: Word, end: NonNullable<ReturnType<typeof endOf>>): boolean {
  if (at !== end.at) return at < end.at;
  // Of the input that ends the instance none is set.
  if (path.length === 0) return end.path.length > 0;
  return end.path.length > 0 && (input - end.input || comparePaths(place, end.path)) < 0;
}
