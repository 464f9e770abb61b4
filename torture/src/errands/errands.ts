import {
  append,
  cancelTimer,
  command,
  complete,
  type CommandEffect,
  type Decider,
  defineProcess,
  type Effect,
  type Event,
  type MultiStreamDecider,
  type Process,
  type RecordedEvent,
  timer,
} from "tidemark";
import { digestOf } from "../history/digest.ts";
import { inputTypes, instanceOf, timedOut } from "./inputs.ts";
import { isPoisonInput, noteStream, planOf, type Regret, type Step, timerId, workStream } from "./plan.ts";

/** What an instance knows: how many inputs it has folded, and in which order. */
export interface Errand {
  readonly inputs: number;
  readonly digest: number;
}

/** What each event that the process writes says of where it comes from: the checker looks for one for each effect. */
export interface Origin extends Errand {
  readonly instance: string;
  /** The number of the input that led to it, and the effect's place. `inputs` and `digest` are the state that returned it. */
  readonly input: number;
  readonly path: readonly number[];
}

interface Work {
  readonly origin: Origin;
  readonly streams: readonly string[];
  readonly refused: boolean;
  readonly failures: number;
}

class Refused extends Error {
  override readonly name = "Refused";
}

/** By command: how often this process has failed it for the outside's sake. */
const failed = new Map<string, number>();

function failOutside({ origin: { instance, input, path }, failures }: Work): void {
  const key = `${instance} ${input} ${path.join("/")}`;
  const before = failed.get(key) ?? 0;
  if (before >= failures) return;
  failed.set(key, before + 1);
  throw Object.assign(new Error("the outside is away"), { retryable: true });
}

function decided(work: Work): Event[] {
  failOutside(work);
  if (work.refused) throw new Refused(`no to ${work.origin.instance}`);
  return [{ type: "ErrandDone", data: work.origin }];
}

const counting = { initialState: () => 0, evolve: (events: number) => events + 1, snapshot: { every: 20 } };
const one: Decider<number, Work, Event> = { ...counting, name: "work", decide: decided };
const several: MultiStreamDecider<number, Work, Event> = {
  ...counting,
  name: "work on several streams",
  reads: ({ streams }) => streams,
  decide: (work) => work.streams.map((streamId) => ({ streamId, events: decided(work) })),
};

interface Place {
  readonly event: RecordedEvent;
  readonly instance: string;
  readonly input: number;
  readonly path: readonly number[];
}

function effectOf({ event, instance, input, path }: Place, state: Errand, step: Step): Effect<Errand> {
  const origin: Origin = { ...state, instance, input, path };
  if (step.kind === "timer") return timer(step.key, { in: step.inMs }, { type: timedOut, id: timerId(event.id, path), data: origin });
  if (step.kind === "cancel") return cancelTimer(step.key);
  if (step.kind === "complete") return complete();
  if (step.kind === "append")
    return append(
      step.stream,
      Array.from({ length: step.events }, () => ({ type: "ErrandNoted", data: origin })),
    );
  const { streams, refused, failures } = step;
  const orElse = (error: unknown, now: Errand): readonly Effect<Errand>[] => regretted({ event, instance, input, path: [...path, 0] }, now, refused, error);
  return work({ origin, streams, refused: refused !== undefined, failures }, refused === undefined || refused === "nothing" ? undefined : { orElse });
}

function work(given: Work, options?: { readonly orElse: NonNullable<CommandEffect<Errand>["orElse"]> }): Effect<Errand> {
  const [stream = ""] = given.streams;
  return given.streams.length > 1 ? command(several, given, options) : command(one, stream, given, options);
}

/** What a refusal leads to. It may be asked for again by another process: where a command goes depends on the state that it was refused in. */
function regretted(place: Place, state: Errand, regret: Regret | undefined, error: unknown): readonly Effect<Errand>[] {
  const { event, instance, input, path } = place;
  const origin: Origin = { ...state, instance, input, path };
  const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (regret === "timer") return [timer("soon", { in: 20 }, { type: timedOut, id: timerId(event.id, path), data: origin })];
  if (regret === "command") return [work({ origin, streams: [workStream(state.inputs)], refused: false, failures: 2 })];
  const note = append(noteStream(input), [{ type: "ErrandRegretted", data: { ...origin, why } }]);
  return regret === "complete" ? [note, complete()] : [note];
}

/**
 * The process of the run: instances with commands, some of which are refused or fail for the outside's sake, with appends, timers that are replaced and
 * cancelled, and an end. Some inputs are poison and park their instance, unless the code is mended.
 */
export function errands({ mended = false } = {}): Process {
  return defineProcess<Errand, Event>({
    name: "errands",
    handles: [...inputTypes, timedOut],
    instanceId: ({ streamId }) => instanceOf(streamId),
    initialState: () => ({ inputs: 0, digest: 0 }),
    evolve: ({ inputs, digest }, { id }) => ({ inputs: inputs + 1, digest: digestOf(digest, id) }),
    react(event, state) {
      if (!mended && isPoisonInput(event.id)) throw new Error("poison");
      const instance = instanceOf(event.streamId);
      return planOf(event.id, event.type).map((step, index) => effectOf({ event, instance, input: state.inputs, path: [index] }, state, step));
    },
    shards: 2,
    batchSize: 20,
    timeoutMs: 5_000,
    // Nothing is parked for a fault's sake: it would be, and rightly, if that lasted.
    retry: { attempts: 100_000, minDelayMs: 20, maxDelayMs: 500 },
  });
}
