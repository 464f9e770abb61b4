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
import { plainCopy } from "./plain-copy.ts";

/** Data in the newest shape of its type, as it would be stored today. */
export interface CurrentPart {
  readonly shape: EventShape;
  readonly data: unknown;
}

/** So many events one stored event may become. Steps that double them at each version would fill the memory. */
const mostParts = 10_000;
const partKeys = ["type", "schemaVersion", "data"];

/** Follows the steps of one stored event to the newest shapes. */
export class UpToDate {
  readonly parts: CurrentPart[] = [];
  readonly #catalogue: DefinedEvents;
  readonly #event: RecordedEvent;
  /** What steps get besides the data; made when the first one runs. */
  #rest: RecordedEvent | undefined;
  /** The steps that made other events, on the way to the present one. */
  #trail: string[] | undefined;

  constructor(catalogue: DefinedEvents, event: RecordedEvent) {
    this.#catalogue = catalogue;
    this.#event = event;
  }

  /** Adds what the data becomes to `parts`. */
  follow(type: string, schemaVersion: number, start: unknown): void {
    const shape = this.#catalogue.shapes.get(type);
    if (!shape) return this.#followRetired(type, schemaVersion, start);
    // A name is put together for an error alone: it would cost more than the step.
    let data = start;
    for (let version = schemaVersion; version < shape.version; version++) {
      const step = shape.upcast.get(version);
      const name = (): string => `step ${version} of ${quoteText(type)}`;
      if (!step) throw this.fail(`there is no ${name()}`);
      const made = this.run(step, name, type, version, data);
      if (made instanceof Become) {
        this.#become(`${type} ${version}`, name, made.parts, shape.becomes);
        return;
      }
      data = this.checked(made, name, shape.ordinal + version);
    }
    if (this.parts.length === mostParts) throw this.fail(`it becomes more than ${mostParts} events`);
    this.parts.push({ shape, data });
  }

  #followRetired(type: string, schemaVersion: number, data: unknown): void {
    const shape = this.#catalogue.retired.get(type);
    if (!shape) throw this.fail(`the catalogue has no type ${quoteText(type)}`);
    const name = (): string => `the step of the retired type ${quoteText(type)}`;
    const made = this.run(shape.step, name, type, schemaVersion, data);
    const parts: unknown = made instanceof Become ? made.parts : made;
    this.#become(type, name, parts, shape.becomes);
  }

  /** Calls a step with a copy of what is stored, so that nothing it changes is seen elsewhere. What another step made is one already. */
  run(step: (event: StoredEvent) => unknown, name: () => string, type: string, schemaVersion: number, data: unknown): unknown {
    const { metadata, tags, recordedAt } = this.#event;
    this.#rest ??= { ...this.#event, metadata: metadataCopy(metadata), tags: [...tags], recordedAt: new Date(recordedAt) };
    let made: unknown;
    try {
      made = step({ ...this.#rest, type, schemaVersion, data: data === this.#event.data ? plainCopy(data) : data });
    } catch (error) {
      throw this.fail(`${name()} threw (see cause)`, error);
    }
    if (isPromise(made)) throw this.fail(`${name()} returned a promise, but steps are synchronous`);
    return made;
  }

  /** A copy of the data that a step returned: a step may return the same object each time. */
  checked(made: unknown, name: () => string, maker?: number): unknown {
    try {
      return plainCopy(made, maker);
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
    this.follow(type, schemaVersion, this.checked(data, name));
  }

  fail(problem: string, cause?: unknown): EventDecodingError {
    // What JSON refused is part of the message already.
    const origin = cause === undefined || isTidemarkError(cause, "INVALID_ARGUMENT") ? {} : { cause };
    return new EventDecodingError(this.#event, problem, origin);
  }
}
