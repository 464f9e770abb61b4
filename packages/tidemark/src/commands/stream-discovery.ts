import { checkStreamId } from "../arguments/names.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { Event } from "../model/event.ts";
import type { MultiStreamDecider } from "./decider.ts";

/** A decider that names a new stream each time would read for ever. */
const mostRounds = 100;

/** The streams that a command over several names, as its state grows. */
export class StreamDiscovery<State, Command, E extends Event> {
  readonly #decider: MultiStreamDecider<State, Command, E, Event>;
  readonly #command: Command;
  #rounds = 0;
  /** In the order in which they were named. */
  readonly streamIds: Set<string> = new Set();

  constructor(decider: MultiStreamDecider<State, Command, E, Event>, command: Command) {
    this.#decider = decider;
    this.#command = command;
  }

  /** The streams that are new in this state; none when all were named. @throws {@link InvalidArgumentError} — it comes to no end. */
  next(state: State): readonly string[] {
    const { reads } = this.#decider;
    const named = checkNames(typeof reads === "function" ? reads(this.#command, state) : reads).filter((streamId) => !this.streamIds.has(streamId));
    if (named.length > 0 && this.#rounds++ === mostRounds) {
      throw new InvalidArgumentError(
        "decider.reads",
        `named new streams ${mostRounds} times in a row, the last ${describeValue([...this.streamIds].at(-1))}; make it stop naming new streams, or name them in fewer steps`,
      );
    }
    for (const streamId of named) this.streamIds.add(streamId);
    return named;
  }
}

function checkNames(named: readonly string[]): readonly string[] {
  if (!Array.isArray(named)) throw new InvalidArgumentError("decider.reads", `must give an array of stream ids, not ${describeValue(named)}`);
  return [...new Set(named.map((streamId, index) => checkStreamId(streamId, `decider.reads[${index}]`)))];
}
