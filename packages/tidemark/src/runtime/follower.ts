import type { EventDecoder } from "../catalogue/event-codec.ts";
import type { Queryable, Session, Statement } from "../database/database.ts";
import type { TidemarkError } from "../errors/tidemark-error.ts";
import type { FollowedEvent } from "../feed/follow.ts";
import type { FollowedLog } from "../feed/followed-log.ts";
import type { EventQuery, RecordedEvent } from "../model/event.ts";
import type { ValidQueryItem } from "../read/filter.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { RetryPolicy } from "./retry-policy.ts";
import type { HeldShard } from "./shard.ts";

/**
 * The seam between the runtime and what follows the log: a consumer, a projection, and kinds to come. The runtime leases shards,
 * reads their events, calls handlers and moves checkpoints; what is peculiar to a kind stands in the hooks that it brings.
 */
export interface Follower {
  /** `consumers.name`: with the worker's tenant it is the identity, and holds the checkpoint. */
  readonly name: string;
  readonly kind: FollowerKind;
  /** What it follows for, as messages name it: a consumer's own name, a projection's. */
  readonly owner: string;
  /** Of what has versions. */
  readonly ownerVersion?: number;
  /** The log that it follows, and `consumers.source`, which says so in the database. @defaultValue that of events */
  readonly source?: { readonly name: "outbox"; readonly log: FollowedLog } | undefined;
  /** As its definition says. It is kept in the database, to notice when it changes. */
  readonly filter: EventQuery | undefined;
  /**
   * What to follow in the log for this filter, and what each stored event is to `handle`. Checkpoints, attempts and counts are of stored
   * events all the same. Undefined: `filter`, and each event as it is stored.
   */
  readonly decoder?: EventDecoder<ValidQueryItem>;
  /** What an event is to `handle` that comes by `ShardAccess.handleApart`. @defaultValue as `decoder` says */
  readonly decoderApart?: Pick<EventDecoder, "decode">;
  /** Where it begins when it is new. Undefined: at the end of the log. */
  readonly startAfter: number | undefined;
  readonly tenants: "own" | "all";
  readonly shards: number;
  /**
   * What decides the shard of an event, where it is not its stream: events of one key are handled in order. Each shard reads every event then,
   * and handles those of its own keys. It is asked of what `decoder` made of an event, so the parts of one stored event can go to several
   * shards. Undefined: every shard handles it, as it does an event that cannot be decoded. Must not throw. @defaultValue by stream
   */
  readonly partitionKey?: (event: RecordedEvent) => string | undefined;
  /** The most events of a batch. */
  readonly batchSize: number;
  /** How long `handle` may take for one event, or for one batch. */
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  /** Whether `handle` takes several events. Those of a call that failed come again one by one: each with all of its parts. */
  readonly inBatches: boolean;
  /** Handles one event, or several. What it writes through `scope` commits with the checkpoint, or not at all. */
  readonly handle: (events: readonly RecordedEvent[], scope: HandlerSession) => Promise<void> | void;
  /** Called when a worker starts, before the follower is registered. */
  readonly prepare?: (tenant: string) => Promise<void>;
  /** Called when a worker starts, once the follower is registered for this tenant. */
  readonly registered?: (tenant: string) => Promise<void>;
  /** What to tell the user when its filter or tenants are others than those it was registered with. */
  readonly filterChanged: string;
  /** The first event up to this position that was given up and still waits to be settled, as the error that tells of it. */
  readonly firstGivenUp?: (tenant: string, until: number) => Promise<TidemarkError | undefined>;
  /** Whether something was requested, here or elsewhere, that `ShardHooks.requested` has not done yet. */
  readonly requestPending?: (tenant: string) => Promise<boolean>;
  /** Makes what the kind adds to the work on one shard, at each takeover. */
  readonly createHooks?: (shard: ShardAccess) => ShardHooks;
}

/** What all followers of a kind have in common. */
export interface FollowerKind {
  /** `consumers.kind` */
  readonly name: string;
  /** What stops at an event that failed for good, in a message: "shard". */
  readonly stops: string;
  /** The call that lets a shard go on that has stopped, such as `store.consumers.resume`. */
  readonly resume: string;
  /** What to tell a worker's user whose follower the database does not know any more. @defaultValue that it was renamed or removed */
  readonly gone?: string;
  /**
   * For `store.waitFor`: selects `tenant` and `name` of each follower that `$2` means to tenant `$1`, and `absent`, the position that counts
   * while it is not registered.
   */
  readonly findSql: (schema: string) => string;
  /** Where a follower of this kind is: `$1` tenant, `$2` name → `reached`. Undefined: at the least of its shards' checkpoints. */
  readonly reached?: (schema: string) => Statement;
}

/** What a handler is called with: a session in the transaction of the checkpoint, which opens at the first use. */
export interface HandlerSession extends Session {
  readonly shard: HeldShard;
  /** 1 at the first try of its events by this worker. */
  readonly attempt: number;
  /** Aborts when the time is up, the shard was lost, or the worker is stopped by force. */
  readonly signal: AbortSignal;
  /** Joins the transaction: the same object for all calls that share it, and for no others. */
  joined(): Promise<object>;
  /** Tells that events were appended in this transaction: other followers look at the log once it has committed. */
  appended(): void;
}

/** What a kind adds to the work on one shard. The shard's loop calls one hook at a time, and what one throws is a failure of the loop. */
export interface ShardHooks {
  /**
   * Called before the log is followed: at the takeover, after each failure, and once the log was followed up to the position that it
   * resolved to. Undefined: it has nothing left to do.
   */
  readonly load?: () => Promise<number | undefined>;
  /** Whether events of this stream are held back now. Asked for every event. */
  readonly holdsBack?: (stream: number) => boolean;
  /** Takes an event that is held back, and moves the checkpoint past it. False: it is not held back any more, and nothing was done. */
  readonly holdBack?: (followed: FollowedEvent) => Promise<boolean>;
  /** An event was handled by itself. */
  readonly handled?: () => void;
  /** Decides on an event whose attempts are used up. Without this hook the shard stops at it. */
  readonly giveUp?: (failed: FailedEvent) => Promise<GiveUpDecision>;
  /** Something was requested that the kind knows of; also called once before the first event. Nothing is half done meanwhile. */
  readonly requested?: () => Promise<void>;
  readonly handOver?: HandOver;
  /** The checkpoint may have moved: what was handled before it is committed. For work that follows a commit. Must not throw. */
  readonly moved?: () => void;
  /** Work of the hooks that runs beside the loop has to end at once: the shard was lost, or the worker stops by force. Must not throw. */
  readonly interrupted?: (reason: Error) => void;
  /** Waits for work of the hooks that runs beside the loop, once `ShardAccess.signal` is aborted. The shard is given back after it. Must not reject. */
  readonly ended?: () => Promise<void>;
}

/** For a follower whose work others go on with, once it has caught up. The shard pauses then, until it is resumed. */
export interface HandOver {
  /** How long until the next try; 0: now. */
  readonly dueInMs: number;
  /** Tries it. False: the shard follows on, and tries again. */
  attempt(): Promise<boolean>;
}

/** An event that failed, as often as the retry policy allows. */
export interface FailedEvent extends TryFailure {
  readonly followed: FollowedEvent;
  readonly attempt: number;
}

export type GiveUpDecision =
  /** The hook has moved the checkpoint past the event. */
  | { readonly action: "passed" }
  | { readonly action: "retry"; readonly afterMs: number }
  /** The shard stops at the event, until it is resumed. */
  | { readonly action: "stop"; readonly cause: unknown };

/** Why a try did not succeed: whatever the handler threw. */
export interface TryFailure {
  readonly error: unknown;
  /** The event as the handler had it, of several the one it failed at. As it is stored where it cannot be decoded. */
  readonly event: RecordedEvent;
  /** The event cannot be decoded, so that its handler was not called: trying again would change nothing. */
  readonly undecodable: boolean;
}

/** What a shard offers to the hooks of its follower. */
export interface ShardAccess {
  readonly tenant: string;
  /** How long the server lets a transaction sit idle. */
  readonly leaseMs: number;
  readonly checkpoint: Checkpoint;
  /** Aborts when the work on the shard must end. */
  readonly signal: AbortSignal;
  /** A hook has handled so many events by itself, and moved the checkpoint past them. */
  passed(events: number): void;
  /** Waits while the shard is paused or its lease unsure. False: it must end. @param beforeWaiting - Called where it has to wait. */
  mayGoOn(beforeWaiting?: () => void): Promise<boolean>;
  /** Waits until the shard must end, which the next heartbeat finds: a hook has replaced it by others. */
  untilEnded(): Promise<void>;
  /**
   * Handles one event out of turn, in a transaction of its own: the checkpoint stays. `last` is its last statement; where that returns
   * false, what the handler wrote is rolled back and nothing failed.
   */
  handleApart(followed: FollowedEvent, attempt: number, last: (queryable: Queryable) => Promise<boolean>): Promise<TryFailure | undefined>;
  /** Waits before the next attempt, and has heartbeats tell of it. False: the shard must end. */
  waitToRetry(failed: FailedEvent, waitMs: number): Promise<boolean>;
  /** Tells the worker's `onError` of an event that failed for good, and what became of it. */
  report(event: RecordedEvent, error: unknown, outcome: string): void;
  /** Tells the worker's `onError` of anything else that no call can return. */
  tell(error: TidemarkError): void;
  /** Something that `Follower.requestPending` tells of is over: whoever waits for it looks at once. */
  settled(): void;
}

/** Thrown by a handler or a hook: following stops here until the follower is resumed. What the call wrote is rolled back. */
export class FollowingSuspended extends Error {}

/** Thrown by a hook: following stops here, as at an event that failed for good, until the follower is resumed. */
export class FollowingStopped extends Error {
  override readonly cause: TidemarkError;

  constructor(cause: TidemarkError) {
    super("following stops here");
    this.cause = cause;
  }
}
