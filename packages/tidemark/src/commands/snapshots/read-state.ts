import { isRecord } from "../../arguments/options.ts";
import type { Patch, Path, WrittenState } from "./write-state.ts";

/** The state that `writeState` wrote: equal to it, and not shared. */
export function readState<State>({ json, patches }: WrittenState): State {
  const root: { state: unknown } = { state: JSON.parse(json) };
  if (patches !== null) {
    const listed: readonly Patch[] = JSON.parse(patches);
    // In the order of the writing: what a place takes from another one was put there before.
    for (const [path, source] of listed) put(root, ["state", ...path], source === null ? undefined : at(root, ["state", ...source]));
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a type holds is the decider's promise, which its state version keeps
  return root.state as State;
}

function put(root: object, path: Path, value: unknown): void {
  const holder = at(root, path.slice(0, -1));
  const step = path.at(-1);
  if (typeof holder === "object" && holder !== null && step !== undefined) Reflect.set(holder, step, value);
}

function at(root: object, path: Path): unknown {
  let value: unknown = root;
  for (const step of path) value = Array.isArray(value) ? value[Number(step)] : isRecord(value) ? value[step] : undefined;
  return value;
}
