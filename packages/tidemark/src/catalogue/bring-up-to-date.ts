import { describeValue, quoteText } from "../arguments/describe-value.ts";
import { isPromise } from "../arguments/promise.ts";
import { isRecord, unknownKey } from "../arguments/options.ts";
import { didYouMean } from "../arguments/suggest.ts";
import { EventDecodingError } from "../errors/catalogue.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { RecordedEvent } from "../model/event.ts";
import { Become } from "./become.ts";
import type { DefinedEvents } from "./defined-events.ts";
import type { StoredEvent } from "./definition.ts";
import type { EventShape } from "./event-shape.ts";
import { metadataCopy } from "./metadata-copy.ts";
import { copyIfPlain, plainCopy, unfit } from "./plain-copy.ts";

/** Data in the newest shape of its type, as it would be stored today. */
export interface CurrentPart {
  readonly shape: EventShape;
  readonly data: unknown;
}

/** So many events one stored event may become. Steps that double them at each version would fill the memory. */
const mostParts = 10_000;
const partKeys = ["type", "schemaVersion", "data"];

/** What `newest` returns of an event that its steps turned into others. */
export const others: unique symbol = Symbol("became other events");

type StepKind = "step" | "downcast";

/**
 * Follows the steps of one stored event to the newest shapes. Nothing that a step changes is seen elsewhere: it gets copies, and what it
 * returns is copied, because it may return the same object each time.
 */
export class UpToDate {
  /** The events that it became. Made by the first: most events become none. */
  #parts: CurrentPart[] | undefined;
  readonly #catalogue: DefinedEvents;
  readonly #event: RecordedEvent;
  readonly #isOwn: boolean;
  /** What the steps get, one after the other. */
  #given: { -readonly [Key in keyof StoredEvent]: StoredEvent[Key] } | undefined;
  /** The steps that made other events, on the way to the present one. */
  #trail: string[] | undefined;

  /** @param isOwn - Whether nothing else has the event's data, so that the first step may get it without a copy. */
  constructor(catalogue: DefinedEvents, event: RecordedEvent, isOwn: boolean) {
    this.#catalogue = catalogue;
    this.#event = event;
    this.#isOwn = isOwn;
  }

  get parts(): readonly CurrentPart[] {
    return this.#parts ?? [];
  }

  /** The data in the newest shape of its type; or `others`, where a step turned the event into those that are in `parts` now. */
  newest(shape: EventShape, schemaVersion: number, start: unknown): unknown {
    let data = start;
    for (let version = schemaVersion; version < shape.version; version++) {
      const made = this.make(shape.upcast.get(version), "step", shape, version, data);
      if (made instanceof Become) return this.#becomeInstead(shape, version, made);
      data = made;
    }
    return data;
  }

  /** Adds what the data becomes to `parts`. */
  follow(type: string, schemaVersion: number, start: unknown): void {
    const shape = this.#catalogue.shapes.get(type);
    if (!shape) return this.#followRetired(type, schemaVersion, start);
    const data = this.newest(shape, schemaVersion, start);
    if (data === others) return;
    this.#parts ??= [];
    if (this.#parts.length === mostParts) throw this.fail(`it becomes more than ${mostParts} events`);
    this.#parts.push({ shape, data });
  }

  #becomeInstead(shape: EventShape, version: number, { parts }: Become): typeof others {
    this.#become(`${shape.type} ${version}`, () => nameOf("step", shape, version), parts, shape.becomes);
    return others;
  }

  #followRetired(type: string, schemaVersion: number, data: unknown): void {
    const shape = this.#catalogue.retired.get(type);
    if (!shape) throw this.fail(`the catalogue has no type ${quoteText(type)}`);
    const name = (): string => `the step of the retired type ${quoteText(type)}`;
    let made: unknown;
    try {
      made = shape.step(this.#asStepsGetIt(type, schemaVersion, data));
    } catch (error) {
      throw this.#threw(name(), error);
    }
    this.#refusePromise(made, name);
    this.#become(type, name, made instanceof Become ? made.parts : made, shape.becomes);
  }

  /**
   * What a step makes of the data: plain JSON that nothing else has; or, where a step up did so, what the event becomes instead.
   *
   * No closure stands in this function or in the loop around it: V8 would allocate what it captures at every call, used or not.
   */
  make(step: ((event: StoredEvent) => unknown) | undefined, kind: StepKind, shape: EventShape, version: number, data: unknown): unknown {
    if (!step) throw this.fail(`there is no ${nameOf(kind, shape, version)}`);
    let made: unknown;
    try {
      made = step(this.#asStepsGetIt(shape.type, version, data));
    } catch (error) {
      throw this.#threw(nameOf(kind, shape, version), error);
    }
    const copy = copyIfPlain(made, shape.ordinal + version);
    // Nearly every step of every event ends here. All other questions, and the step's name for an error, would cost more than the step.
    return copy === unfit ? this.#unusual(made, kind, shape, version) : copy;
  }

  #unusual(made: unknown, kind: StepKind, shape: EventShape, version: number): unknown {
    if (kind === "step" && made instanceof Become) return made;
    const name = (): string => nameOf(kind, shape, version);
    this.#refusePromise(made, name);
    return this.#checked(made, name);
  }

  /** A copy of what is stored. What another step made is one already. */
  #asStepsGetIt(type: string, schemaVersion: number, held: unknown): StoredEvent {
    const event = this.#event;
    const data = held === event.data && !this.#isOwn ? plainCopy(held) : held;
    if (this.#given) {
      this.#given.type = type;
      this.#given.data = data;
      this.#given.schemaVersion = schemaVersion;
      return this.#given;
    }
    const { id, streamId, category, version, position, tenant } = event;
    const metadata = metadataCopy(event.metadata);
    const recordedAt = new Date(event.recordedAt);
    return (this.#given = { type, data, metadata, tags: [...event.tags], id, streamId, category, version, position, recordedAt, schemaVersion, tenant });
  }

  #refusePromise(made: unknown, name: () => string): void {
    if (isPromise(made)) throw this.fail(`${name()} returned a promise, but steps are synchronous`);
  }

  /** A copy of the data that a step returned. */
  #checked(made: unknown, name: () => string): unknown {
    try {
      return plainCopy(made);
    } catch (error) {
      throw this.fail(`${name()} returned what JSON cannot hold: ${error instanceof Error ? error.message : describeValue(error)}`, error);
    }
  }

  #become(from: string, name: () => string, parts: unknown, allowed: ReadonlySet<string> | undefined): void {
    if (!Array.isArray(parts)) throw this.fail(`${name()} must return an array of { type, schemaVersion, data }, not ${describeValue(parts)}`);
    const trail = (this.#trail ??= []);
    if (trail.includes(from)) throw this.fail(`its steps lead in a circle: ${[...trail, from].map(quoteText).join(" becomes ")}`);
    trail.push(from);
    for (let index = 0; index < parts.length; index++) this.#followPart(parts[index], () => `part ${index} from ${name()}`, allowed);
    trail.pop();
  }

  #followPart(part: unknown, name: () => string, allowed: ReadonlySet<string> | undefined): void {
    if (!isRecord(part)) throw this.fail(`${name()} must be { type, schemaVersion, data }, not ${describeValue(part)}`);
    const { shapes, retired } = this.#catalogue;
    const { type, schemaVersion = 1, data } = part;
    for (const key of Object.keys(part)) {
      if (!partKeys.includes(key)) throw this.fail(`in ${unknownKey(name(), key, partKeys, "is not a part of it").message}`);
    }
    if (typeof type !== "string" || !(shapes.has(type) || retired.has(type))) {
      const meant = typeof type === "string" ? didYouMean(type, [...shapes.keys()]) : "";
      throw this.fail(`${name()} is of type ${describeValue(type)}, which the catalogue does not know${meant}`);
    }
    // A filter looks for this stored event only under the types that its definition says.
    if (allowed && !allowed.has(type))
      throw this.fail(`${name()} is of type ${quoteText(type)}, which becomes does not list, so that no filter by it finds this event`);
    const newest = shapes.get(type)?.version ?? Number.MAX_SAFE_INTEGER;
    if (typeof schemaVersion !== "number" || !Number.isSafeInteger(schemaVersion) || schemaVersion < 1 || schemaVersion > newest) {
      throw this.fail(`${name()} has schemaVersion ${describeValue(schemaVersion)}; ${quoteText(type)} has versions 1 to ${newest}`);
    }
    this.follow(type, schemaVersion, this.#checked(data, name));
  }

  fail(problem: string, cause?: unknown): EventDecodingError {
    // What JSON refused is part of the message already.
    const origin = cause === undefined || isTidemarkError(cause, "INVALID_ARGUMENT") ? {} : { cause };
    return new EventDecodingError(this.#event, problem, origin);
  }
  #threw(name: string, error: unknown): EventDecodingError {
    return this.fail(`${name} threw (see cause)`, error);
  }
}

function nameOf(kind: StepKind, shape: EventShape, version: number): string {
  return `${kind} ${version} of ${quoteText(shape.type)}`;
}
