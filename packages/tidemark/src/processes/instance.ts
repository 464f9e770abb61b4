import { encodeJson } from "../arguments/json.ts";
import { isPromise } from "../arguments/promise.ts";
import { causedBy } from "../commands/metadata.ts";
import type { TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { EncodedTimer } from "../timers/encode-timer.ts";
import { checkEffects } from "./check-effects.ts";
import type { ProcessFunctions } from "./defined-process.ts";
import type { Effect } from "./effect.ts";
import { type Reaction, type RecordedCommand, recordEffects, type RecordingTools } from "./record-effects.ts";
import { type StoredError, storedError } from "./stored-error.ts";

export type InstanceStatus = "running" | "completed" | "cancelled";

/** An event that belongs to an instance: as it stands in the log, and what it is to the process. */
export interface Input {
  readonly position: number;
  /** Most often one: the event itself. */
  readonly parts: readonly RecordedEvent[];
}

export interface InstanceRow {
  readonly status: InstanceStatus;
  readonly parked: "input" | "command" | null;
  /** JSON. */
  readonly state: string;
  /** Of the `evolve` that made it. */
  readonly stateVersion: number;
  readonly handled: number;
  readonly inputs: number;
  readonly late: number;
  readonly error: StoredError | null;
}

/** Where an instance fails. */
export interface InputFailure {
  readonly input: number;
  readonly position: number;
  readonly error: unknown;
}

/** What makes inputs of a process into effects. */
export interface FoldTools extends RecordingTools {
  readonly process: string;
  readonly functions: ProcessFunctions;
}

/** One instance while a transaction has it locked: takes inputs in memory, and says what to write. */
export class Instance {
  readonly name: string;
  readonly #tools: FoldTools;
  #row: InstanceRow;
  #endsNow = false;
  /** Its row's; undefined for one that is new. */
  readonly id: number | undefined;
  readonly recorded: { readonly number: number; readonly position: number }[] = [];
  readonly commands: RecordedCommand[] = [];
  readonly timers: Map<string, EncodedTimer | undefined> = new Map();
  /** What `react` returned, by the number of its input. */
  readonly effects: Map<number, readonly Effect[]> = new Map();
  /** It was parked just now, by this error. */
  failure: InputFailure | undefined;

  constructor(tools: FoldTools, name: string, row?: TextRow) {
    this.#tools = tools;
    this.name = name;
    this.id = row && toSafeInteger(row["id"]);
    this.#row = row ? instanceRow(row) : newInstance(tools.functions);
  }

  get row(): InstanceRow {
    return this.#row;
  }

  /** Whether it has come to its end. */
  get ended(): boolean {
    return this.#row.status !== "running";
  }

  /** Whether it came to its end just now: none of its timers may be left. */
  get endsNow(): boolean {
    return this.#endsNow;
  }

  /** Records an input and folds it; after the end it is counted alone, and behind one that failed it waits. */
  async take(input: Input): Promise<void> {
    if (this.ended) {
      this.#change({ late: this.#row.late + 1 });
      return;
    }
    const number = this.#row.inputs + 1;
    this.recorded.push({ number, position: input.position });
    this.#change({ inputs: number });
    if (this.#row.parked !== "input") await this.fold(number, input);
  }

  /** Folds an input that is recorded: all of its parts, or none of them. */
  async fold(number: number, input: Input): Promise<void> {
    const { process, functions } = this.#tools;
    try {
      let text = this.#row.state;
      const returned: Effect[] = [];
      for (const event of input.parts) {
        const state = evolved(functions.evolve(JSON.parse(text), event));
        // Before react gets it: what that did to it would be stored, and the fold of the same inputs be another.
        text = encodeJson(state, "state");
        returned.push(...checkEffects(functions.react(event, state), "react"));
      }
      const [first] = input.parts;
      const metadata = first ? causedBy(first) : {};
      const reaction = await recordEffects(this.#tools, returned, { process, instance: this.name, input: number, path: [], metadata }, "react");
      this.#change({ state: text, handled: number });
      this.effects.set(number, reaction.effects);
      this.add(reaction);
    } catch (error) {
      this.park({ input: number, position: input.position, error });
    }
  }

  /** Whether its state was folded by an `evolve` that the definition calls another one. */
  get stale(): boolean {
    return this.#row.stateVersion !== this.#tools.functions.stateVersion;
  }

  /** Folds the state again from these inputs, all that are handled. Nothing else comes of them. What fails is returned, and changes nothing. */
  refold(inputs: readonly (Input & { readonly number: number })[]): InputFailure | undefined {
    const { initialState, evolve, stateVersion } = this.#tools.functions;
    let [at] = inputs;
    try {
      let state = initialState();
      for (at of inputs) for (const event of at.parts) state = evolved(evolve(state, event));
      this.#change({ state: encodeJson(state, "state"), stateVersion });
      return undefined;
    } catch (error) {
      return { input: at?.number ?? 0, position: at?.position ?? 0, error };
    }
  }

  /** Has it wait for an operator: its later inputs are recorded, and not folded. */
  park(failure: InputFailure): void {
    this.#change({ parked: "input", error: storedError(failure.error) });
    this.failure = failure;
  }

  /** Takes what an input or a refusal led to. */
  add({ commands, timers, completes }: Reaction): void {
    this.commands.push(...commands);
    for (const [key, timer] of timers) this.timers.set(key, timer);
    if (completes && !this.ended) {
      this.#change({ status: "completed" });
      this.#endsNow = true;
    }
    // Those that are set beside `complete`, too: a timer never reaches an instance that has ended.
    if (this.ended) this.timers.clear();
  }

  /** Goes on with the inputs that wait behind the one at which it was parked. */
  unpark(): void {
    this.#change({ parked: null, error: null });
  }

  #change(change: Partial<InstanceRow>): void {
    this.#row = { ...this.#row, ...change };
  }
}

/** The state of an instance without inputs, as it is stored. */
export function newInstance({ initialState, stateVersion }: Pick<ProcessFunctions, "initialState" | "stateVersion">): InstanceRow {
  const state = encodeJson(initialState(), "initialState()");
  return { status: "running", parked: null, state, stateVersion, handled: 0, inputs: 0, late: 0, error: null };
}

/** What `evolve` returned, if it can be a state. */
export function evolved(state: unknown): unknown {
  if (state === undefined) throw new InvalidArgumentError("evolve", "returned undefined; return the state as it is if nothing changes");
  if (isPromise(state)) throw new InvalidArgumentError("evolve", "returned a promise; it must return the state at once");
  return state;
}

function instanceRow(row: TextRow): InstanceRow {
  return {
    status: row["status"] === "completed" || row["status"] === "cancelled" ? row["status"] : "running",
    parked: row["parked"] === "input" || row["parked"] === "command" ? row["parked"] : null,
    state: row["state"] ?? "null",
    stateVersion: toSafeInteger(row["state_version"]),
    handled: toSafeInteger(row["handled"]),
    inputs: toSafeInteger(row["inputs"]),
    late: toSafeInteger(row["late"]),
    error: row["error"] == null ? null : JSON.parse(row["error"]),
  };
}
