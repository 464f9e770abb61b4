import { v5 } from "uuid";
import { isTidemarkError } from "../errors.ts";
import type { Event, NewEvent } from "../event.ts";
import { stampEvent } from "./metadata.ts";

/** Of this library's own; a change would make every command of the past a new one. */
const namespace = "6f1a1a3e-2d0c-5b0f-9a7e-0b9d2c4e7f10";

/** The ids that a command's events get: the same ones whenever the command is handled. */
export class CommandIds {
  readonly #commandId: string;
  readonly #streamId: string | null;

  /** @param streamId - null for a command over several streams */
  constructor(commandId: string, streamId: string | null) {
    this.#commandId = commandId;
    this.#streamId = streamId;
  }

  /** The id of the command's event number `index`, from 0. */
  at(index: number): string {
    return v5(JSON.stringify([this.#streamId, this.#commandId, index]), namespace);
  }

  /** The command's event number `index`, ready to be appended. An id of the event's own stays. */
  mark<E extends Event>(event: NewEvent<E>, index: number): NewEvent<E> {
    const marked = stampEvent(event, [{ commandId: this.#commandId }]);
    return marked.id === undefined ? { ...marked, id: this.at(index) } : marked;
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
