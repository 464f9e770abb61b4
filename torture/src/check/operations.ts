import type {
  AppendCall,
  CancelTimerCall,
  CommandState,
  Condition,
  Conflict,
  FollowCall,
  PartResult,
  PublishCall,
  ReadCall,
  SeenEvent,
  SetTimerCall,
  SnapshotCall,
} from "../history/entry.ts";

interface Operation<C> {
  /** Where it stands: `worker-1.2:17`. */
  readonly name: string;
  readonly call: C;
  readonly from: number;
  /** Infinity: its process died first. */
  until: number;
}

export interface Append extends Operation<AppendCall> {
  /** What the library said. Not answered at all is unknown too. */
  outcome: "ok" | "fail" | "unknown";
  results: readonly PartResult[];
  /** Of a command. */
  state: CommandState | undefined;
  /** What it was decided on, with its own events after it. */
  decided: CommandState | undefined;
  /** What the append demanded, as far as it is known. */
  condition: Condition | undefined;
  code: string;
  conflicts: readonly Conflict[];
}

export interface Read extends Operation<ReadCall> {
  /** Undefined: it failed. */
  events: readonly SeenEvent[] | undefined;
}

export interface Snapshot extends Operation<SnapshotCall> {
  versions: readonly number[] | undefined;
}

export interface Follow extends Operation<FollowCall> {
  readonly seen: SeenEvent[];
}

/** Messages for the outbox. */
export interface Publish extends Operation<PublishCall> {
  /** As of an append. */
  outcome: "ok" | "fail" | "unknown";
}

/** A timer that is set or cancelled. */
export interface TimerUse extends Operation<SetTimerCall | CancelTimerCall> {
  /** As of an append. */
  outcome: "ok" | "fail" | "unknown";
  /** Of a cancellation: whether there was one. */
  there: boolean | undefined;
}
