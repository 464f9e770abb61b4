import type { AppendToStreamsOptions } from "../append/types.ts";
import type { Event, NewEvent, RecordedEvent } from "../model/event.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import { CommandIds, type CommandScope } from "./command-id.ts";
import { attemptUpTo, isConflict, orStartAgain } from "./conflict.ts";
import { checkDecision } from "./decision.ts";
import { stampEvent } from "./metadata.ts";
import { MiddlewareChain } from "./middleware.ts";
import { checkCommandOptions, type CommandOptions } from "./options.ts";
import { type Appended, Recorded, type Written } from "./recorded.ts";
import type { StreamsResult } from "./result.ts";

/** A command that has been read, on its way to a result. Each kind of command brings its own. */
export interface ReadCommand<E extends Event, Result> {
  /** What the command did when it was handled before. Asked only if it has an id, and only after everything was read. */
  earlier(ids: CommandIds): Promise<Result | undefined>;
  /** Undefined: nothing was decided. */
  decide(): Promise<DecidedCommand<E, Result> | undefined>;
  /** The result where nothing was decided. */
  nothing(): Promise<Result> | Result;
}

/** A command whose events are ready to be appended. */
export interface DecidedCommand<E extends Event, Result> {
  /** How many events, over all streams. */
  readonly count: number;
  /** Appends the events on the condition that what was read has not changed. */
  append(options: AppendToStreamsOptions): Promise<readonly Appended[]>;
  result(written: WrittenCommand<E>): Promise<Result> | Result;
}

/** What an append did for a command. */
export interface WrittenCommand<E extends Event> extends Written {
  /** As they were stored, in the order of their positions. */
  readonly events: readonly RecordedEvent<E>[];
  /** Whether they were written just now, at the end of their streams. Otherwise they may have been there before, anywhere. */
  readonly now: boolean;
}

/** What a kind of command is: its scope, and how it is read. */
export interface CommandKind<E extends Event, Result> {
  /** What is decided on; undefined where it is known only by reading. */
  readonly subject?: string | undefined;
  /** Whether an error of the append says that others came between. @defaultValue a conflict of versions */
  isLost?(error: unknown): boolean;
  /** @param attempt - From 1. */
  read(attempt: number): Promise<ReadCommand<E, Result>>;
}

/**
 * One command, from its options to its result: read, look whether it was handled before, decide, append on the condition that nothing
 * came between, and start again if something did. Every kind of command takes these steps, and brings what differs.
 */
export class CommandRun<State, Command, E extends Event> {
  readonly ids: CommandIds | undefined;
  readonly signal: AbortSignal | undefined;
  readonly middleware: MiddlewareChain<State, Command, E>;
  readonly #store: EventReaderWriter;
  readonly #attempts: number;
  readonly #stamp: (event: NewEvent) => NewEvent;

  /** @param scope - Asked only if the command has an id. */
  constructor(store: EventReaderWriter, options: CommandOptions<State, Command, E> | undefined, scope: () => CommandScope) {
    const { attempts, metadata, commandId, middleware, signal } = checkCommandOptions(options);
    this.#store = store;
    this.#attempts = attempts;
    this.#stamp = metadata ? (event) => stampEvent(event, [metadata]) : (event) => event;
    this.ids = commandId === undefined ? undefined : new CommandIds(commandId, scope());
    this.signal = signal;
    this.middleware = new MiddlewareChain(middleware);
  }

  /** The decided events as they are appended, with the command's metadata and ids. @param before - How many the command has already. */
  prepare(decided: readonly NewEvent[], { before = 0, path }: { readonly before?: number; readonly path?: string } = {}): NewEvent[] {
    return checkDecision(decided, path).map((event, index) => {
      const stamped = this.#stamp(event);
      return this.ids ? this.ids.mark(stamped, before + index) : stamped;
    });
  }

  async run<Result extends Omit<StreamsResult<State, E>, "attempts">>(kind: CommandKind<E, Result>): Promise<Result & { readonly attempts: number }> {
    const { subject } = kind;
    const settings = { store: this.#store, attempts: this.#attempts, signal: this.signal, ...(subject !== undefined && { subject }) };
    return this.middleware.after(await attemptUpTo(settings, async (attempts) => ({ ...(await this.#attempt(kind, attempts)), attempts })));
  }

  async #attempt<Result>({ isLost = isConflict, read }: CommandKind<E, Result>, attempt: number): Promise<Result> {
    const command = await read(attempt);
    const earlier = this.ids && (await command.earlier(this.ids));
    if (earlier) return earlier;

    const decided = await command.decide();
    if (!decided) return await command.nothing();

    const recorded = new Recorded<E>();
    const isHandled = (error: unknown): boolean => this.ids?.handledMeanwhile(error, decided.count) === true;
    const appending = decided.append(recorded.in(this.signal ? { signal: this.signal } : {}));
    const appended = await orStartAgain(appending, { isLost, isHandled });
    const written = { appended, again: this.ids !== undefined };
    const events = await recorded.events(this.#store, written);
    return await decided.result({ ...written, events, now: recorded.told });
  }
}
