import { setTimeout as delay } from "node:timers/promises";
import { faults } from "../faults/faults.ts";
import { type Arena, type Fault, untilAnswering } from "../faults/fault.ts";
import { now } from "../history/write.ts";
import { removeStaleSemaphores } from "./semaphores.ts";

/** A fault that struck, in microseconds of the histories' clock. */
export interface Strike {
  readonly name: string;
  readonly from: number;
  readonly until: number;
}

export interface NemesisPlan {
  /** Evenly over the time, and more at the same pace while there is not enough of something else. */
  readonly count: number;
  readonly seconds: number;
  readonly enough: () => boolean;
  /** Undefined: all. */
  readonly only: readonly string[] | undefined;
}

/** Faults, in a shuffled order in which every kind comes before any comes again. */
export function* schedule(arena: Arena, only: readonly string[] | undefined): Generator<Fault> {
  const possible = faults.filter(
    (fault) => fault.missing?.(arena) === undefined && !(arena.cluster && fault.withoutReplica) && (only?.includes(fault.name) ?? true),
  );
  if (possible.length === 0) return;
  for (;;) yield* arena.random.shuffle(possible);
}

/** Strikes until `count` faults are done, the time is up and there is enough, or until `over`. */
export async function torment(
  arena: Arena,
  { count, seconds, only, enough }: NemesisPlan,
  over: AbortSignal,
  onStrike: (strikes: readonly Strike[]) => void,
): Promise<Strike[]> {
  const strikes: Strike[] = [];
  const startedAt = performance.now();
  const faultOf = schedule(arena, only);
  while ((strikes.length < count || !enough()) && !over.aborted) {
    const due = startedAt + ((strikes.length + 0.5) / count) * seconds * 1_000;
    await delay(Math.max(0, due - performance.now()), undefined, { signal: over }).catch(() => undefined);
    const next = faultOf.next();
    if (next.done || over.aborted) break;
    const from = now();
    // Faults start servers and workers again, one of which may get the number of a dead process.
    removeStaleSemaphores();
    await strike(next.value, arena);
    strikes.push({ name: next.value.name, from, until: now() });
    onStrike(strikes);
  }
  return strikes;
}

/** So often one that was cut off is done again. */
const attempts = 3;
/** Texts of Node's and the driver's, and SQLSTATEs, of a session that ended, could not begin, or lost a race for a lock. */
const cutOff = /Connection terminated|ECONNREFUSED|ECONNRESET|EPIPE|57P0[123]|40P01|55P03/;

/**
 * Does a fault, again where its own session was cut off: an earlier fault can crash the server late, as when a checkpoint finds that
 * a sync has failed. Faults heal what they did at their end, so that done again they heal both.
 */
export async function strike<A extends Pick<Arena, "url">>(fault: { readonly name: string; strike(arena: A): Promise<void> }, arena: A): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fault.strike(arena);
    } catch (error) {
      const { code = "", message = "" } = error instanceof Error ? { code: Reflect.get(error, "code"), message: error.message } : {};
      if (attempt === attempts || !cutOff.test(`${message} ${code}`))
        throw new Error(`The fault "${fault.name}" could not be done or healed.`, { cause: error });
      await untilAnswering(arena.url);
    }
  }
}
