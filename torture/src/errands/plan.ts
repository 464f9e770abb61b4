import { createHash } from "node:crypto";
import { shortId } from "../history/short-id.ts";
import { hash } from "../random.ts";
import { timedOut } from "./inputs.ts";

/** What follows the refusal of a command. */
export type Regret = "nothing" | "append" | "command" | "timer" | "complete";

/** One effect of an input, as the process returns it and as the checker expects it. */
export type Step =
  | {
      readonly kind: "command";
      readonly streams: readonly string[];
      /** Whether the decider refuses it, and what follows then. */
      readonly refused?: Regret;
      /** Each process that tries it fails so often before, for the outside's sake. */
      readonly failures: number;
    }
  | { readonly kind: "append"; readonly stream: string; readonly events: number }
  | { readonly kind: "timer"; readonly key: string; readonly inMs: number }
  | { readonly kind: "cancel"; readonly key: string }
  | { readonly kind: "complete" };

/** No timer of this key is due in a run, be it of a night in which the server's clock jumps: what is left of them in the end was neither cancelled nor replaced. */
export const far = "far";
const farMs = 30 * 24 * 3_600_000;

/** Few streams, on which commands of different instances meet. */
export const workStream = (number: number): string => `work-${number % 12}`;
export const noteStream = (number: number): string => `note-${number % 12}`;

/** No attempt at it succeeds, until the code is mended. */
export function isPoisonInput(id: string): boolean {
  return hash(`errand poison ${shortId(id)}`) % 150 === 0;
}

/**
 * What an input leads to. Whatever changes timers, or ends the instance, writes something too: that stands behind all that the timers it
 * cancels have appended before.
 */
export function planOf(id: string, type: string): readonly Step[] {
  const number = hash(`errand plan ${shortId(id)}`);
  const at = (places: number): number => Math.floor(number / places) % 997;
  const command: Step = {
    kind: "command",
    streams: at(7) % 5 === 0 ? [workStream(at(11)), workStream(at(11) + 1)] : [workStream(at(11))],
    failures: at(13) % 6 === 0 ? 1 : 0,
    ...(at(17) % 3 === 0 && { refused: (["nothing", "append", "command", "command", "timer", "complete"] as const)[at(19) % 6] ?? "nothing" }),
  };
  const append: Step = { kind: "append", stream: noteStream(at(23)), events: 1 + (at(29) % 2) };
  const timer = (key: string, inMs: number): Step => ({ kind: "timer", key, inMs });
  const soon = timer("soon", 10 + (at(31) % 90));
  if (type === "ErrandBegun") return [soon, timer(far, farMs), command];
  if (type === "ErrandEnded") return [command, { kind: "complete" }, append];
  if (type === timedOut) {
    const choices: readonly (readonly Step[])[] = [[append, { kind: "complete" }], [soon, append], [command, append], [command]];
    return choices[at(37) % choices.length] ?? [];
  }
  const choices: readonly (readonly Step[])[] = [
    [command, append],
    [soon, command],
    [{ kind: "cancel", key: "soon" }, append],
    [timer("later", 20 + (at(31) % 200)), append],
    [append, command, command],
    [{ kind: "cancel", key: far }, timer(far, farMs), append],
    [{ kind: "cancel", key: far }, append],
  ];
  return choices[at(41) % choices.length] ?? [];
}

/** The id of a timer's event, from the input that set it and the effect's place. */
export function timerId(input: string, path: readonly number[]): string {
  const digits = createHash("sha1")
    .update(`${input} ${path.join("/")}`)
    .digest("hex");
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-5${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}
