import type { Reading } from "../shapes/code.ts";

/** What an append expects of a stream, as the API takes it. */
export type Expected = number | "any" | "no-stream" | "stream-exists" | { readonly unchangedSince: number };

/** One stream's part of an append. The content of an event follows from its id: see content.ts. */
export interface Part {
  readonly stream: string;
  readonly expected: Expected;
  /** Empty: the stream is only checked. */
  readonly ids: readonly string[];
}

export interface AppendCall {
  readonly kind: "append";
  /** The operation's name. */
  readonly how: string;
  /** In the order of the call. A transaction of several appends may name a stream more than once. */
  readonly parts: readonly Part[];
  /** Sent before, by this process or an earlier one: the ids are the first try's. */
  readonly again?: true;
  /** What it holds that no append may: it is refused, and its events are nowhere. */
  readonly misfit?: string;
  readonly condition?: Condition;
}

/** What an append demands, and what its decision had seen. */
export interface Condition {
  readonly query: readonly { readonly types?: readonly string[]; readonly tags?: readonly string[] }[];
  /** The boundary's mark, and how many matches were read up to it; not there where none was read. */
  readonly mark: number;
  readonly below?: number;
  /** The short ids of the matches above it. */
  readonly above: readonly string[];
}

/** The tail of one stream. */
export interface ReadCall {
  readonly kind: "read";
  readonly stream: string;
  readonly from: number;
}

/** Several streams in one snapshot. */
export interface SnapshotCall {
  readonly kind: "snapshot";
  readonly streams: readonly string[];
}

/** A follower from its start to its end; `Seen` lines tell what it was given. */
export interface FollowCall {
  readonly kind: "follow";
  readonly after: number;
  /** Page by page with `readAll`, or a live subscription. */
  readonly via: "readAll" | "subscribe";
  /** The one category it wants; all of them where it is not there. */
  readonly category?: string;
  /** The one type. */
  readonly type?: string;
  /** As what it gets events. @defaultValue "stored" */
  readonly reading?: Reading;
}

/** A timer is set. The event that it is for has the content of its id. */
export interface SetTimerCall {
  readonly kind: "set timer";
  readonly key: string;
  readonly id: string;
  readonly stream: string;
}

/** The timer of a key is cancelled. All calls with one key come from one client, one after the other. */
export interface CancelTimerCall {
  readonly kind: "cancel timer";
  readonly key: string;
}

/** A transaction publishes messages to the outbox, perhaps beside an event. */
export interface PublishCall {
  readonly kind: "publish";
  readonly messages: readonly (readonly [key: string, id: string])[];
  readonly event?: readonly [stream: string, id: string];
}

export type Call = AppendCall | ReadCall | SnapshotCall | FollowCall | SetTimerCall | CancelTimerCall | PublishCall;

/** Version and position of the stream's last event, and whether the append began the stream. */
export type PartResult = readonly [version: number, position: number, created: boolean];

/** What a command said that its state is made of. */
export interface CommandState {
  readonly streams: readonly (readonly [stream: string, version: number])[];
  readonly events: number;
  /** See digest.ts. */
  readonly digest: number;
  /** As what it got events. @defaultValue "stored" */
  readonly reading?: Reading;
}

export type Answer =
  | {
      readonly kind: "append";
      readonly results: readonly PartResult[];
      readonly state?: CommandState;
      /** What `decide` was given, with its events after it: a command may put its state right afterwards. */
      readonly decided?: CommandState;
      /** What a command by query had read when it was decided, which only its answer tells. */
      readonly condition?: Condition;
    }
  | { readonly kind: "read"; readonly events: readonly SeenEvent[] }
  | { readonly kind: "snapshot"; readonly versions: readonly number[] }
  | { readonly kind: "follow" }
  | { readonly kind: "set timer" }
  | { readonly kind: "publish" }
  /** Whether there was one. */
  | { readonly kind: "cancel timer"; readonly there: boolean };

export type SeenEvent = readonly [position: number, id: string];

/** One stream that was not where the append expected it. */
export type Conflict = readonly [stream: string, actual: number];

interface Line {
  /** Which operation of this history. */
  readonly op: number;
  /** Microseconds of the machine's monotonic clock, which all processes share. */
  readonly at: number;
}

/**
 * A line of a history, which is one process's. `fail`: the library said that nothing was written. `unknown`: it said that it
 * does not know. An operation without an end was cut off by the death of its process.
 */
export type Entry =
  | (Line & { readonly t: "invoke"; readonly call: Call })
  | (Line & { readonly t: "ok"; readonly answer: Answer })
  | (Line & { readonly t: "fail"; readonly code: string; readonly conflicts?: readonly Conflict[] })
  | (Line & { readonly t: "unknown"; readonly code: string })
  | (Line & { readonly t: "seen"; readonly events: readonly SeenEvent[] })
  /** An event came back with another content than its id's. */
  | (Line & { readonly t: "altered"; readonly id: string; readonly found: string })
  /** An error that is none of the library's. */
  | (Line & { readonly t: "untyped"; readonly message: string })
  /** The process ends of its own accord: all its operations have ended. */
  | (Line & { readonly t: "closed"; readonly peakMegabytes?: number });
