import { newId } from "../arguments/uuid.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { checkStreamId } from "../arguments/names.ts";
import { decodedParts } from "../catalogue/event-codec.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { rowFilter } from "../feed/row-filter.ts";
import type { Event, NewEvent, RecordedEvent } from "../model/event.ts";
import type { Effect } from "../processes/effect.ts";
import { DefinedProcess } from "../processes/defined-process.ts";
import { Instance } from "../processes/instance.ts";
import { inputsByInstance } from "../processes/process-inputs.ts";
import type { Process } from "../processes/process.ts";
import { recordEffects } from "../processes/record-effects.ts";
import { encodeTimer } from "../timers/encode-timer.ts";
import { assertSame } from "./assert-same.ts";
import { comparedEffects } from "./compared-effects.ts";
import { GivenLog, streamOf } from "./given-log.ts";
import { rowOf } from "./projection-scenario.ts";
import { scenarioEvents, type ScenarioEvents, type ScenarioOptions } from "./scenario-events.ts";
import { asGiven, type VersionedEvent } from "./stored-events.ts";

/**
 * An event of a process's scenario; without `streamId` it goes where `append` would put it. With `schemaVersion` it is as it was stored.
 *
 * @example
 * ```ts
 * const event: ProcessInputEvent<CartEvent> = { streamId: "cart-42", type: "CartConfirmed", data: { at: "noon" } };
 * ```
 */
export type ProcessInputEvent<E extends Event> = (NoInfer<NewEvent<E>> | VersionedEvent) & { readonly streamId?: string };

/**
 * A test of a process.
 *
 * @example
 * ```ts
 * const checkouts: ProcessScenario<CartEvent> = scenario(checkout);
 * ```
 */
export interface ProcessScenario<E extends Event> {
  /** The events so far, in the order of the log; `[]` for none. Those that are no inputs are passed over, as in a store. */
  given(events: readonly ProcessInputEvent<E>[]): ProcessHistory<E>;
}

/**
 * What a process has taken in, before one more input.
 *
 * @example
 * ```ts
 * const history: ProcessHistory<CartEvent> = scenario(checkout).given([]);
 * await history.when({ streamId: "cart-42", type: "CartConfirmed", data: { at: "noon" } }).then([complete()]);
 * ```
 */
export interface ProcessHistory<E extends Event> {
  /** One more event. */
  when(event: ProcessInputEvent<E>): ProcessReaction;
  /** The event of a timer that is set, at the moment at which it is due: no clock is waited for. */
  whenTimerFires(key: string): ProcessReaction;
}

/**
 * What the last input has to lead to. Await one of these.
 *
 * @example
 * ```ts
 * const reaction: ProcessReaction = scenario(checkout).given([]).when({ ...itemAdded, streamId: "cart-42" });
 * await reaction.then([]);
 * ```
 */
export interface ProcessReaction {
  /** The command of this decider that the input led to is refused with this error: what follows is what its `orElse` leads to. */
  whenRefused(decider: object, error: unknown): ProcessReaction;
  /**
   * Expects exactly these effects, in this order; `[]` for none, as after the end of the instance. Functions are not compared: a command is
   * the same with or without `orElse`. Rejects with what `evolve`, `react` or `orElse` threw.
   */
  then(effects: readonly Effect<never>[]): Promise<void>;
}

/** The store's own limit is not known here; this is the highest. */
const settings = { eventBytes: 16 * 1024 * 1024, createId: newId };

export function isProcess(value: object): value is Process {
  return value instanceof DefinedProcess;
}

export function processScenario<E extends Event>(process: Process<unknown, E>, options: ScenarioOptions | undefined): ProcessScenario<E> {
  if (!(process instanceof DefinedProcess)) throw new InvalidArgumentError("process", `must be what defineProcess returns, not ${describeValue(process)}`);
  const shapes = scenarioEvents(options, process.settings.events);
  const play = async (events: readonly NewEvent[]): Promise<ProcessPlot> => {
    const plot = new ProcessPlot(process, shapes);
    for (const [index, event] of events.entries()) {
      await plot.take(event, `given[${index}]`);
      plot.refuseFailed();
    }
    return plot;
  };
  return {
    given: (events) => ({
      when: (event) => reactionOf(async () => await (await play(events)).take(event, "when")),
      whenTimerFires: (key) => reactionOf(async () => await (await play(events)).fire(key)),
    }),
  };
}

/** @param open - Played from the beginning at each call. */
function reactionOf(open: () => Promise<Reacted>): ProcessReaction {
  const compare = async (effects: readonly Effect<never>[], assertion: (...args: never[]) => unknown): Promise<void> => {
    const { effects: actual } = await open();
    assertSame(comparedEffects(actual), comparedEffects(effects), "The effects are others than expected.", assertion);
  };
  return {
    whenRefused: (decider, error) => reactionOf(async () => await (await open()).refuse(decider, error)),
    // oxlint-disable-next-line unicorn/no-thenable -- given, when, then; it takes effects, and is awaited itself
    then(effects) {
      // At once, and not in a promise: `await` hears of nothing else.
      if (typeof effects === "function")
        throw new InvalidArgumentError("scenario", "was awaited before it was told what to expect: write .then([…]), or .then([]) for no effect");
      return compare(effects, this.then);
    },
  };
}

/** What an input, or a refusal, led to. */
interface Reacted {
  readonly effects: readonly Effect[];
  refuse(decider: object, error: unknown): Promise<Reacted>;
}

/** A process and its instances in memory. */
class ProcessPlot {
  readonly #process: DefinedProcess;
  readonly #shapes: ScenarioEvents;
  readonly #log = new GivenLog();
  readonly #instances = new Map<string, Instance>();
  readonly #matches: (event: RecordedEvent) => boolean;

  constructor(process: DefinedProcess, shapes: ScenarioEvents) {
    this.#process = process;
    this.#shapes = shapes;
    const { filter } = shapes.codec.decoder({ filter: process.settings.items });
    const matches = rowFilter({ tenant: undefined, filter, shard: undefined });
    this.#matches = (event) => matches(rowOf(event));
  }

  async take(event: NewEvent, path: string): Promise<Reacted> {
    const [stored] = await asGiven([event], path, this.#shapes);
    if (!stored) return nothing;
    return await this.#add(this.#log.add(stored, checkStreamId(streamOf(stored), `${path}.streamId`)));
  }

  async fire(key: string): Promise<Reacted> {
    const owner = [...this.#instances.values()].find(({ timers }) => timers.get(key));
    const timer = owner?.timers.get(key);
    if (!owner || !timer) {
      const keys = [...this.#instances.values()].flatMap(({ timers }) => [...timers].filter(([, set]) => set).map(([known]) => known));
      throw new InvalidArgumentError(
        "whenTimerFires",
        `names ${JSON.stringify(key)}, but ${keys.length === 0 ? "no timer is set" : `set are ${keys.join(", ")}`}`,
      );
    }
    owner.timers.delete(key);
    const { id, type, data, metadata, schemaVersion } = timer.event;
    const event = { id, type, data: JSON.parse(data), schemaVersion, metadata: metadata === "" ? {} : JSON.parse(metadata) };
    const fired = this.#log.add(event, timer.streamId);
    const dueAt = timer.relative ? fired.recordedAt.getTime() + timer.due : timer.due;
    return await this.#add({ ...fired, recordedAt: new Date(Math.max(dueAt, fired.recordedAt.getTime())) });
  }

  /** What fails among the given events is a mistake in the test, or in the process. */
  refuseFailed(): void {
    for (const { failure } of this.#instances.values()) if (failure) throw failure.error;
  }

  async #add(event: RecordedEvent): Promise<Reacted> {
    if (!this.#matches(event)) return nothing;
    const [found] = inputsByInstance(this.#process, decodedParts(event, this.#shapes.codec.decoder()));
    if (!found) return nothing;
    const [name, [input]] = found;
    const instance = this.#instances.get(name) ?? new Instance(this.#tools, name);
    this.#instances.set(name, instance);
    const before = instance.row.inputs;
    if (input) await instance.take(input);
    this.refuseFailed();
    const number = instance.row.inputs;
    return this.#reacted(instance, number, number > before ? (instance.effects.get(number) ?? []) : []);
  }

  #reacted(instance: Instance, input: number, effects: readonly Effect[]): Reacted {
    return {
      effects,
      refuse: async (decider, error) => {
        const index = effects.findIndex((effect) => effect.effect === "command" && effect.decider === decider);
        const effect = effects[index];
        if (effect?.effect !== "command") throw new InvalidArgumentError("whenRefused", "names a decider of which the input led to no command");
        const cause = { process: this.#process.name, instance: instance.name, input, path: [index], metadata: {} };
        const returned = effect.orElse?.(error, JSON.parse(instance.row.state)) ?? [];
        const reaction = await recordEffects(this.#tools, returned, cause, "orElse");
        instance.add(reaction);
        return this.#reacted(instance, input, reaction.effects);
      },
    };
  }

  get #tools(): ConstructorParameters<typeof Instance>[0] {
    const { name, settings: functions } = this.#process;
    const { codec } = this.#shapes;
    return {
      process: name,
      functions,
      handles: functions.handles,
      codec,
      settings,
      timers: { encode: (timer, path) => encodeTimer({ codec, settings }, timer, path) },
    };
  }
}

const nothing: Reacted = {
  effects: [],
  refuse() {
    throw new InvalidArgumentError("whenRefused", "names a decider of which the input led to no command");
  },
};
