import type { ValidBoundaryItem } from "../arguments/boundary-query.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { namedUuids } from "../arguments/named-uuid.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import type { Event, NewEvent } from "../model/event.ts";
import { stampEvent } from "./metadata.ts";

/** Of this library's own; a change would make every command of the past a new one. */
const idOf = namedUuids("6f1a1a3e-2d0c-5b0f-9a7e-0b9d2c4e7f10");

/** What a command's id belongs to: the same id on something else is another command's. */
export interface CommandScope {
  readonly kind: "stream" | "streams" | "query";
  /** The decider's name. Without one, its kind alone tells it from others. */
  readonly decider: string | undefined;
  /** The stream, or what stands for the streams or the query: the same whenever the command is handled. */
  readonly target: string;
}

/** The ids that a command's events get: the same ones whenever the command is handled. */
export class CommandIds {
  readonly #commandId: string;
  readonly #scope: readonly (string | null)[];
  /** Those that were asked for: each is looked for in what is read, and then given to an event. */
  readonly #ids: string[] = [];

  constructor(commandId: string, { kind, decider, target }: CommandScope) {
    this.#commandId = commandId;
    this.#scope = [kind, decider ?? null, target];
  }

  /** The id of the command's event number `index`, from 0. */
  at(index: number): string {
    return (this.#ids[index] ??= idOf(JSON.stringify([...this.#scope, this.#commandId, index])));
  }

  /**
   * The command's event number `index`, ready to be appended.
   *
   * @throws {@link InvalidArgumentError} — it has an id of its own, by which the command would not be found when it comes again.
   */
  mark<E extends Event>(event: NewEvent<E>, index: number): NewEvent<E> {
    if (event.id !== undefined) {
      throw new InvalidArgumentError(
        "decide",
        `gives event ${index} the id ${describeValue(event.id)}, but the command has the commandId ${describeValue(this.#commandId)}. With a commandId, event ids are derived from it, so that a repeated command is recognised. Leave out one of the two`,
      );
    }
    return { ...stampEvent(event, [{ commandId: this.#commandId }]), id: this.at(index) };
  }

  /**
   * Whether an append failed because the command was handled meanwhile, with another decision. With a cause it is PostgreSQL's
   * own refusal, after which a transaction of the caller's can do no more.
   */
  handledMeanwhile(error: unknown, events: number): boolean {
    return (
      isTidemarkError(error, "DUPLICATE_EVENT") &&
      error.cause === undefined &&
      Array.from({ length: events }, (_, index) => this.at(index)).includes(error.eventId)
    );
  }
}

/** Streams as a target, in whatever order they were named. */
export function streamsTarget(streamIds: Iterable<string>): string {
  return JSON.stringify([...streamIds].toSorted());
}

/** A query as a target, in whatever order its parts were named, and the stream that its events go to, where that is known before. */
export function queryTarget(items: readonly ValidBoundaryItem[], streamId: string | undefined): string {
  const parts = items.map(({ types = [], tags = [] }) => JSON.stringify([types.toSorted(), tags.toSorted()]));
  return JSON.stringify([parts.toSorted(), streamId ?? null]);
}
