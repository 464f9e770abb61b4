import { quoteText } from "../arguments/describe-value.ts";
import { createCodec } from "../catalogue/create-codec.ts";
import type { DefinedEvents } from "../catalogue/defined-events.ts";
import { decodedParts, type EventDecoder } from "../catalogue/event-codec.ts";
import { issuesAt } from "../catalogue/issue-path.ts";
import { validate } from "../catalogue/validate.ts";
import { type EventIssue, issuesText } from "../errors/catalogue.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { RecordedEvent } from "../model/event.ts";
import { messageWithCause } from "./message-with-cause.ts";

/**
 * What a catalogue cannot do with an event. `unknown`: it does not know the type or its version. `undecodable`: it cannot bring it up to date.
 * `invalid`: the schema refuses the result. `downcast`: it cannot give it in an older shape.
 *
 * @example
 * ```ts
 * const kind: ProblemKind = "undecodable";
 * ```
 */
export type ProblemKind = "unknown" | "undecodable" | "invalid" | "downcast";

export interface EventProblem {
  readonly kind: ProblemKind;
  readonly message: string;
  /** What a schema found, with the place in the event: `data.lines[0].sku`. */
  readonly issues?: readonly EventIssue[];
}

/** Reads events as a store with a catalogue does, and as its readers of older shapes do. */
export class EventCheck {
  readonly #catalogue: DefinedEvents;
  readonly #validates: boolean;
  readonly #newest: EventDecoder;
  /** By type: reads it in the oldest shape that downcasts lead to, and so runs each of them. */
  readonly #oldest: ReadonlyMap<string, EventDecoder>;

  constructor(catalogue: DefinedEvents, validates: boolean) {
    const codec = createCodec(catalogue);
    this.#catalogue = catalogue;
    this.#validates = validates;
    this.#newest = codec.decoder();
    const older = [...catalogue.shapes.values()].filter(({ downcast }) => downcast.size > 0);
    this.#oldest = new Map(older.map(({ type, version, downcast }) => [type, codec.decoder({ as: { [type]: version - downcast.size } })]));
  }

  async problemsOf(event: RecordedEvent): Promise<readonly EventProblem[]> {
    let parts: readonly RecordedEvent[];
    try {
      parts = decodedParts(event, this.#newest);
    } catch (error) {
      return [{ kind: isTidemarkError(error, "UNKNOWN_EVENT_TYPE") ? "unknown" : "undecodable", message: messageWithCause(error) }];
    }
    const problems: EventProblem[] = [];
    if (this.#validates) for (const part of parts) problems.push(...(await this.#validate(part)));
    for (const type of new Set(parts.map((part) => part.type))) problems.push(...this.#downcast(event, type));
    return problems;
  }

  async #validate({ type, data }: RecordedEvent): Promise<readonly EventProblem[]> {
    const shape = this.#catalogue.shapes.get(type);
    if (!shape?.checks) return [];
    try {
      // Asynchronous schemas too, which a store cannot use where it reads.
      const { issues: found } = await validate(shape.schema, data);
      if (!found) return [];
      const issues = issuesAt(found, "data");
      return [{ kind: "invalid", message: `The schema of ${quoteText(type)} refuses it: ${issuesText(issues)}`, issues }];
    } catch (error) {
      return [{ kind: "invalid", message: `The schema of ${quoteText(type)} threw: ${messageWithCause(error)}` }];
    }
  }

  #downcast(event: RecordedEvent, type: string): readonly EventProblem[] {
    const decoder = this.#oldest.get(type);
    if (!decoder) return [];
    try {
      decodedParts(event, decoder);
      return [];
    } catch (error) {
      return [{ kind: "downcast", message: messageWithCause(error) }];
    }
  }
}
