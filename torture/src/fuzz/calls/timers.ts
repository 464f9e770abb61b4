import type { StoreTransaction, Timer, Timers } from "tidemark";
import { type Actor, type Call, newEvents, OwnError, outcomeOf } from "../call.ts";
import { wrongError } from "../errors.ts";
import type { ModelEvent } from "../model.ts";

/** What a caller's timer is for: one event in a stream that no other timer has. Far ones are due after the run, others at once or soon. */
interface CallersTimer {
  readonly streamId: string;
  readonly event: ModelEvent;
  readonly far: boolean;
}

const keys = 8;
const soonMs = 30;
const hourMs = 3_600_000;

/** By caller and key: those that were set and not cancelled, and near ones perhaps have fired. */
const timersOf = new WeakMap<Actor["model"], Map<string, CallersTimer>>();
let streams = 0;

function timers({ model }: Actor): Map<string, CallersTimer> {
  const known = timersOf.get(model) ?? new Map<string, CallersTimer>();
  timersOf.set(model, known);
  return known;
}

/** What became of a timer that does not wait any more: its event is there, or never will be. */
async function settle({ store, model }: Actor, set: CallersTimer | undefined): Promise<"fired" | "not fired"> {
  if (!set || set.far || (await store.streamInfo(set.streamId)).version === 0) return "not fired";
  if (model.version(set.streamId) === 0) model.append(set.streamId, [set.event]);
  return "fired";
}

const schedule: Call = {
  name: "schedule",
  async run(actor) {
    const { store, random, name } = actor;
    const key = `${name} ${random.between(1, keys)}`;
    const [event = missing()] = actor.events(1);
    const set: CallersTimer = { streamId: `${name}timer-${streams++}`, event, far: random.chance(0.6) };
    const inMs = set.far ? random.between(hourMs, 2 * hourMs) : random.between(0, soonMs);
    const how = random.pick(["alone", "alone", "in a transaction", "rolled back"] as const);
    const given = newEvents([event])[0] ?? missing();
    const on = async (to: Pick<StoreTransaction, "schedule" | "timers">): Promise<string | undefined> => {
      const due = random.chance(0.5) || !set.far ? { in: inMs } : { at: new Date(Date.now() + inMs) };
      const { dueAt, key: as } = await to.schedule(set.streamId, given, { key, ...due });
      if (as !== key) return `${key} was set as ${as}`;
      if (Math.abs(dueAt.getTime() - Date.now() - inMs) > hourMs / 2) return `${key}, in ${inMs} ms, is due at ${dueAt.toISOString()}`;
      return undefined;
    };
    const outcome = await outcomeOf(async () => {
      if (how === "alone") return await on(store);
      return await store.transaction(async (tx) => {
        const wrong = await on(tx);
        if (how === "rolled back") throw new OwnError("the caller threw");
        return wrong;
      });
    });
    if ("error" in outcome)
      return how === "rolled back" && outcome.error instanceof OwnError ? undefined : `${how}: ${wrongError(outcome.error) ?? String(outcome.error)}`;
    const before = timers(actor).get(key);
    timers(actor).set(key, set);
    // What it replaced has fired by now, or never will.
    await settle(actor, before);
    return outcome.value;
  },
};

const cancel: Call = {
  name: "timers.cancel",
  async run(actor) {
    const { store, random, name } = actor;
    const key = `${name} ${random.between(1, keys)}`;
    const set = timers(actor).get(key);
    const there = await store.timers.cancel(key);
    timers(actor).delete(key);
    const became = await settle(actor, set);
    if (!set) return there ? `${key} was there to be cancelled, and was not set` : undefined;
    if (there && became === "fired") return `${key} was cancelled, and fired`;
    return there || became === "fired" ? undefined : `${key} was neither there to be cancelled, nor has it fired`;
  },
};

async function pages(timers: Timers, limit: number): Promise<readonly Timer[]> {
  const all: Timer[] = [];
  for (let after: Timer | undefined; ;) {
    const page = await timers.list({ limit, ...(after && { after }) });
    all.push(...page);
    after = page.at(-1);
    if (!after) return all;
  }
}

const list: Call = {
  name: "timers.list",
  async run(actor) {
    const { store, random, name } = actor;
    const all = await pages(store.timers, random.pick([1, 7, 10_000]));
    const found = all.filter(({ key }) => key.startsWith(`${name} `));
    const far = [...timers(actor)].filter(([, set]) => set.far).map(([key, { streamId }]) => `${key} ${streamId}`);
    const listed = found.filter(({ dueAt }) => dueAt.getTime() > Date.now() + hourMs / 2).map(({ key, streamId }) => `${key} ${streamId}`);
    if (listed.toSorted().join() !== far.toSorted().join()) return `listed ${listed.join() || "nothing"}, and should have ${far.join() || "nothing"}`;
    const late = found.find(({ dueAt }, index) => dueAt < (found[index - 1]?.dueAt ?? dueAt));
    return late && `${late.key} is listed out of order`;
  },
};

/** Waits until all that are due have fired, and tells the model of them. */
export async function fireAll(actors: readonly Actor[]): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const actor of actors) {
    for (const [key, set] of timers(actor)) {
      if (set.far) continue;
      for (const until = performance.now() + 30_000; performance.now() < until && (await settle(actor, set)) === "not fired";)
        await new Promise((resolve) => setTimeout(resolve, 20));
      if ((await settle(actor, set)) === "not fired") wrong.push(`${actor.name} schedule: ${key} is due and has not fired`);
    }
  }
  return wrong;
}

function missing(): never {
  throw new Error("There is none.");
}

export const timerCalls: readonly Call[] = [schedule, schedule, cancel, list];
