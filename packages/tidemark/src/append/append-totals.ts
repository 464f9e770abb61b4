import { newId } from "../arguments/uuid.ts";
import { EventTooLargeError } from "../errors/appending.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { PathTo } from "./encode-event.ts";

/** Data and metadata of one append together. It travels as one text, and V8 ends texts at some 512 MiB. */
export const maxAppendBytes: number = 256 * 1024 * 1024;

export interface EncodeSettings {
  /** The most bytes of JSON in one event's data and metadata. */
  readonly eventBytes: number;
  readonly createId: () => string;
  /** Of each event's shape, over all parts. @defaultValue the first */
  readonly schemaVersions?: readonly number[];
}

/** What the events of one append add up to, and which ids they have. */
export class AppendTotals {
  readonly settings: EncodeSettings;
  events = 0;
  bytes = 0;
  tags = 0;
  ownIds = false;
  /** Without those of `newId`, which never repeats: a set of them would be most of the cost of a small event. */
  readonly #ids = new Set<string>();

  constructor(settings: EncodeSettings) {
    this.settings = settings;
  }

  addEvent(id: string, own: boolean, bytes: number, tags: number, at: PathTo): void {
    if (bytes > this.settings.eventBytes) throw new EventTooLargeError(at(""), bytes, this.settings.eventBytes);
    this.events++;
    this.bytes += bytes;
    this.tags += tags;
    if (this.bytes > maxAppendBytes) {
      throw new InvalidArgumentError(at(""), `brings the append to ${this.bytes} bytes of JSON; one append takes at most ${maxAppendBytes}. Split it`);
    }
    if (own) this.ownIds = true;
    else if (this.settings.createId === newId) return;
    if (this.#ids.has(id)) {
      throw own
        ? new InvalidArgumentError(at(".id"), `is ${id} again; ids are unique, in one append too`)
        : new InvalidArgumentError("createId()", `returned ${id} again; ids are unique`);
    }
    this.#ids.add(id);
  }
}
