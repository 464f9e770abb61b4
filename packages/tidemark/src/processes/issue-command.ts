import { withShape } from "../append/shaped-event.ts";
import { isRecord } from "../arguments/options.ts";
import type { EventCodec } from "../catalogue/event-codec.ts";
import type { BoundaryDecider, Decider } from "../commands/decider.ts";
import { executeCommand } from "../commands/execute-command.ts";
import { handleCommand } from "../commands/handle-command.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { Event, EventMetadata, NewEvent } from "../model/event.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import { derivedId } from "./derived-id.ts";
import type { AnyDecider, CommandEffect, Effect } from "./effect.ts";
import type { PendingCommand } from "./pending-command.ts";
import type { RecordedEventPayload } from "./record-effects.ts";
import { issuing } from "../tracing/operations.ts";
import { tracedPlaceOf } from "../tracing/traced-store.ts";

/** What became of a command. */
export type Issued =
  | { readonly outcome: "done" }
  /** `decide` threw it. */
  | { readonly outcome: "refused"; readonly error: unknown }
  /** It was cancelled before it was decided. */
  | { readonly outcome: "withdrawn" }
  /** Whether it was cannot be said: the database was away, or another worker has the shard. Nothing was decided. */
  | { readonly outcome: "unasked"; readonly error: unknown }
  | { readonly outcome: "failed"; readonly error: unknown };

export interface IssueTools {
  readonly store: EventReaderWriter;
  readonly codec: EventCodec;
  readonly process: string;
  readonly timeoutMs: number;
  /** Asked while the command's streams are read, and answered before it is decided. */
  readonly stillPending: (id: number) => Promise<boolean>;
  /** Whether an error of `decide` is the outside's. */
  readonly retryable: (error: unknown) => boolean;
}

/** Thrown in place of what `decide` threw, to tell it from what the store throws. */
class Refusal extends Error {
  constructor(cause: unknown) {
    super("refused", { cause });
  }
}

/** Thrown before `decide` is called. */
class Withdrawn extends Error {}
class Unasked extends Withdrawn {}

/** What took longer than it may. */
export class CommandTimeout extends Error {
  readonly retryable = true;

  constructor(timeoutMs: number) {
    super(`the command took longer than ${timeoutMs} ms (the process's timeoutMs)`);
  }
}

/**
 * Issues a command or an append once. Never rejects. After `timeoutMs`, and when `signal` aborts, it is waited for no longer; what its
 * `decide` returns then is not appended any more.
 */
export function issue(tools: IssueTools, pending: PendingCommand, effect: CommandEffect | undefined, signal: AbortSignal): Promise<Issued> {
  return issuing.trace(
    tracedPlaceOf(tools.store),
    () => ({ process: tools.process, kind: pending.kind, ...(pending.stream !== undefined && { streamId: pending.stream }) }),
    () => issueOnce(tools, pending, effect, signal),
    (issued) => (issued.outcome === "failed" || issued.outcome === "unasked" ? { error: issued.error } : { result: { outcome: issued.outcome } }),
  );
}

async function issueOnce(tools: IssueTools, pending: PendingCommand, effect: CommandEffect | undefined, signal: AbortSignal): Promise<Issued> {
  const over = new AbortController();
  const late = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    late.reject(reason);
    over.abort(reason);
  };
  const onAbort = (): void => end(signal.reason);
  const timer = setTimeout(() => end(new CommandTimeout(tools.timeoutMs)), tools.timeoutMs).unref();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    const asked = tools.stillPending(pending.id);
    // Heard where it is awaited, if the command comes so far.
    asked.catch(() => {});
    const allowed = async (): Promise<void> => {
      const pending = await asked.catch((error: unknown) => {
        throw new Unasked("unasked", { cause: error });
      });
      if (!pending) throw new Withdrawn();
    };
    await Promise.race([
      effect ? decideAndAppend(tools, pending, effect, { allowed, signal: over.signal }) : appendEvents(tools, pending, { allowed, signal: over.signal }),
      late.promise,
    ]);
    return { outcome: "done" };
  } catch (error) {
    if (error instanceof Unasked) return { outcome: "unasked", error: error.cause };
    if (error instanceof Withdrawn) return { outcome: "withdrawn" };
    return error instanceof Refusal ? { outcome: tools.retryable(error.cause) ? "failed" : "refused", error: error.cause } : { outcome: "failed", error };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    late.promise.catch(() => {});
  }
}

interface Issuing {
  /** Rejects where the command is no longer to be issued. */
  readonly allowed: () => Promise<void>;
  readonly signal: AbortSignal;
}

async function decideAndAppend(
  { store, process }: IssueTools,
  pending: PendingCommand,
  { decider }: CommandEffect,
  { allowed, signal }: Issuing,
): Promise<void> {
  const { command, metadata } = commandPayload(pending.payload);
  const options = { commandId: derivedId({ process, ...pending, metadata }), metadata, signal };
  if (isOneStream(decider)) await handleCommand(store, guarded(decider, allowed), pending.stream ?? "", [command], options);
  else if (isOverQuery(decider)) await executeCommand(store, guarded(decider, allowed), command, options);
  else await executeCommand(store, guarded(decider, allowed), command, options);
}

async function appendEvents({ store, codec }: IssueTools, { stream = "", payload }: PendingCommand, { allowed, signal }: Issuing): Promise<void> {
  await allowed();
  const { encode } = codec;
  const events = eventsOf(payload).map(({ schemaVersion, ...event }): NewEvent => {
    // The catalogue said what is stored of it when it was recorded; asked again it might say something else.
    return encode ? withShape(event, encode, { data: event.data, schemaVersion }) : event;
  });
  await store.appendToStream(stream, events, { signal });
}

/** The decider, which decides nothing that is not allowed any more, and whose own errors can be told from the store's. */
function guarded<D extends { readonly decide: (command: never, state: never) => unknown }>(decider: D, allowed: Issuing["allowed"]): D {
  const decide = async (command: never, state: never): Promise<unknown> => {
    await allowed();
    try {
      return await decider.decide(command, state);
    } catch (error) {
      throw new Refusal(error);
    }
  };
  return { ...decider, decide };
}

function isOneStream(decider: AnyDecider): decider is Decider<unknown, unknown, Event, Event> {
  return !("reads" in decider) && !("query" in decider);
}

function isOverQuery(decider: AnyDecider): decider is BoundaryDecider<unknown, unknown, Event, Event> {
  return "query" in decider;
}

function commandPayload(payload: unknown): { readonly command: unknown; readonly metadata: EventMetadata } {
  const { command, metadata } = isRecord(payload) ? payload : {};
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- recorded by recordEffects
  return { command, metadata: metadata as EventMetadata };
}

function eventsOf(payload: unknown): readonly RecordedEventPayload[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- recorded by recordEffects
  return (isRecord(payload) ? payload["events"] : []) as readonly RecordedEventPayload[];
}

/** Whether an error says that the store closes: nothing is known of the command, and whoever goes on finds it pending. */
export function isClosing(error: unknown): boolean {
  return isTidemarkError(error, "STORE_CLOSED");
}

/** Whether another try can succeed, of an error that `decide` did not throw: others wrote first, or the database was away. */
export function canSucceed(error: unknown, retryable: (error: unknown) => boolean): boolean {
  return isTidemarkError(error, "VERSION_CONFLICT") || isTidemarkError(error, "CONDITION_FAILED") || retryable(error);
}

/** The effect that a command was recorded from. Undefined: there is none at its place that fits. */
export function effectOf(effects: readonly Effect[] | undefined, { path, kind, stream }: PendingCommand): Effect | undefined {
  const effect = effects?.[path.at(-1) ?? -1];
  return effect?.effect === kind && effect.streamId === stream ? effect : undefined;
}
