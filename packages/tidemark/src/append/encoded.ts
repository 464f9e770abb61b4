import type { ExpectedVersion, RecordedEvent } from "../model/event.ts";
import type { EncodedCondition } from "./condition.ts";

/**
 * An append as it waits in the queue: checked, and as text. No text in it holds `\x1e` or `\x1f`: JSON escapes control
 * characters and names have none, so these two can separate values on the wire.
 */
export interface EncodedAppend {
  readonly parts: readonly EncodedPart[];
  /** How many, over all parts. */
  readonly events: number;
  /** Of UTF-8, of all data and metadata. */
  readonly bytes: number;
  /** The caller gave at least one id, so the append may be a repetition of an earlier one. */
  readonly ownIds: boolean;
  /** Over all events, one that several have counted each time. */
  readonly tags: number;
  readonly condition?: EncodedCondition;
  /** Told once they are written, unless they were there already. Must not throw. */
  readonly onRecorded?: ((events: readonly RecordedEvent[]) => void) | undefined;
}

export interface EncodedPart {
  readonly tenant: string;
  readonly streamId: string;
  readonly expected: ExpectedVersion;
  readonly events: readonly EncodedEvent[];
}

export interface EncodedEvent {
  /** A UUID in lower case. */
  readonly id: string;
  readonly type: string;
  /** JSON. */
  readonly data: string;
  /** JSON; `""` where there is none. */
  readonly metadata: string;
  /** Joined by `\x1f`; `""` where there are none. */
  readonly tags: string;
  /** Of the shape of its data. */
  readonly schemaVersion: number;
}
