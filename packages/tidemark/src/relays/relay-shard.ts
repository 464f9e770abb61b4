import { CircuitBreaker } from "../consumers/circuit-breaker.ts";
import { errorDetails } from "../database/error-details.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import type { RecordedEvent } from "../model/event.ts";
import { notTriedAgain } from "../runtime/delivery.ts";
import type { FailedEvent, GiveUpDecision, HandlerSession, ShardAccess, ShardHooks } from "../runtime/follower.ts";
import { delayAfter } from "../runtime/retry-policy.ts";
import { keyOf, type MessageTools, messageId, outgoingMessage } from "./outgoing-message.ts";
import { type Item, type Outcome, Publisher, Refusal } from "./publisher.ts";
import type { RelayLetters, NewLetter } from "./relay-letters.ts";

/** Waits before an event that fails for another reason than its sink, such as a transaction that was ended, is tried again. */
const otherFailureMs = 1_000;

/**
 * A relay at work on one shard.
 *
 * A batch is a window: its messages are in flight together, and the checkpoint moves once all are settled, in the transaction of the letters for
 * those that were refused. If the sink fails meanwhile, the runtime comes with the events of the batch one by one. Those that were acknowledged pass
 * at once, so the checkpoint stands at the lowest that was not, and no message is sent again that the broker has acknowledged to this worker.
 */
export class RelayShard implements ShardHooks {
  readonly #tools: MessageTools;
  readonly #shard: ShardAccess;
  readonly #letters: RelayLetters;
  readonly #publisher: Publisher;
  readonly #breaker: CircuitBreaker;
  /** The positions of messages that were acknowledged, and whose checkpoint may not have moved, by id. */
  readonly #acknowledged = new Map<string, number>();
  /** Those that were refused, and may have no letter yet. */
  readonly #refused = new Map<string, { readonly item: Item; readonly refusal: Refusal }>();
  /** Keys with letters in the database. Others remove letters, so that one may be here for nothing. */
  #parked: Set<string> = new Set();
  /** The events that came together last. */
  #batch: readonly RecordedEvent[] = [];
  /** Whether a letter is tried again now. */
  #retrying = false;
  #outage = false;

  constructor(tools: MessageTools, shard: ShardAccess, letters: RelayLetters) {
    this.#tools = tools;
    this.#shard = shard;
    this.#letters = letters;
    this.#breaker = new CircuitBreaker(tools.relay.settings.mostRefused);
    const { fence } = shard.checkpoint.shard;
    this.#publisher = new Publisher({
      relay: tools.relay,
      message: ({ event, key }, call) => outgoingMessage(tools, event, key, fence, call),
      mayGoOn: () => shard.mayGoOn(),
      holds: () => this.#breaker.open && !this.#retrying,
    });
  }

  load = async (): Promise<undefined> => {
    this.#parked = await this.#letters.keys();
    return undefined;
  };

  /** Publishes events, and writes letters for those that were refused or wait behind such ones. */
  async handle(events: readonly RecordedEvent[], session: HandlerSession): Promise<void> {
    if (this.#retrying) return await this.#handleAgain(events, session);
    if (events.length > 1) this.#batch = events;
    const items = this.#itemsOf(events);
    await this.#forgetFreed(items);
    try {
      await this.#publish(items, session.attempt > 1 ? items : this.#withRestOfBatch(items), session.signal);
    } catch (error) {
      if (!this.#isGivenUp(items, session.attempt, error)) throw error;
    }
    const letters = this.#lettersOf(items);
    if (letters.length > 0) await this.#letters.park(session, letters);
  }

  /** Whether `map` has had all its tries at this stored event. It is refused then. */
  #isGivenUp(items: readonly Item[], attempt: number, error: unknown): boolean {
    const { attempts } = this.#tools.relay.settings.retry;
    const [item] = items.filter(this.#openOnes());
    if (!item || !isTidemarkError(error, "HANDLER_TIMEOUT") || error.position !== item.event.position) return false;
    // A batch comes again, event by event.
    if (items.some(({ event }) => event.position !== error.position) || attempt < attempts || this.#breaker.open) return false;
    this.#settle(item, new Refusal(error, attempt));
    return true;
  }

  /** The event of a letter: whatever else its key waits for, it is published, or its refusal thrown. */
  async #handleAgain(events: readonly RecordedEvent[], session: HandlerSession): Promise<void> {
    const items = this.#itemsOf(events);
    for (const { event } of items) this.#throwRefusal(event);
    await this.#publisher.publish(
      items.filter((item) => !this.#isAcknowledged(item)),
      (item, outcome) => this.#settle(item, outcome),
      session.signal,
    );
    for (const { event } of items) this.#throwRefusal(event);
  }

  /** A batch that failed comes again event by event. With the first that can be sent, all behind it are. */
  #withRestOfBatch(items: readonly Item[]): readonly Item[] {
    const last = items.at(-1);
    if (items.length > 1 || !last) return items;
    const at = this.#batch.findIndex((event) => messageId(event) === messageId(last.event));
    return at === -1 ? items : [...items, ...this.#itemsOf(this.#batch.slice(at + 1))];
  }

  #itemsOf(events: readonly RecordedEvent[]): readonly Item[] {
    const items: Item[] = [];
    for (const event of events) {
      const before = items.at(-1);
      let key: string;
      try {
        key = keyOf(this.#tools.relay, event);
        if (before?.event.position === event.position && before.key !== key)
          throw new InvalidArgumentError("key", `differs between the events that the stored event ${event.id} became`);
      } catch (error) {
        // As `partitionKey` of the follower has it.
        key = event.streamId;
        this.#refused.set(messageId(event), { item: { event, key }, refusal: new Refusal(error, 1) });
      }
      items.push({ event, key });
    }
    return items;
  }

  /** @param wanted - What has to be settled. The rest of `all` is sent ahead. */
  async #publish(wanted: readonly Item[], all: readonly Item[], signal: AbortSignal): Promise<void> {
    const isOpen = this.#openOnes();
    // What waits behind it may have to wait for long, at each of those that were acknowledged.
    if (!wanted.some(isOpen)) return;
    try {
      await this.#publisher.publish(all.filter(isOpen), (item, outcome) => this.#settle(item, outcome), signal);
      this.#outage = false;
    } catch (error) {
      if (isTidemarkError(error, "SINK_UNAVAILABLE") && !this.#outage) {
        this.#outage = true;
        this.#shard.tell(error);
      }
      if (wanted.some(this.#openOnes())) throw error;
    }
  }

  #settle(item: Item, outcome: Outcome): void {
    const id = messageId(item.event);
    if (outcome === "acknowledged") {
      this.#acknowledged.set(id, item.event.position);
      this.#breaker.succeeded();
    } else {
      this.#refused.set(id, { item, refusal: outcome });
      if (!this.#retrying) this.#breaker.gaveUp();
    }
  }

  #isAcknowledged({ event }: Item): boolean {
    return this.#acknowledged.has(messageId(event));
  }

  /** Whether an item is neither acknowledged, nor refused, nor behind one of its key that was, as things stand now. */
  #openOnes(): (item: Item) => boolean {
    const refused = this.#refusedKeys();
    return (item) => !this.#isAcknowledged(item) && !this.#parked.has(item.key) && !refused.has(item.key);
  }

  #refusedKeys(): ReadonlySet<string> {
    return new Set([...this.#refused.values()].map(({ item }) => item.key));
  }

  /** Letters are removed by others: their keys' messages can be published again. */
  async #forgetFreed(items: readonly Item[]): Promise<void> {
    const parked = [...new Set(items.map(({ key }) => key))].filter((key) => this.#parked.has(key));
    if (parked.length === 0) return;
    const still = await this.#letters.stillParked(parked);
    for (const key of parked) if (!still.has(key)) this.#parked.delete(key);
  }

  /** One for each stored event, whose parts are tried again together. */
  #lettersOf(items: readonly Item[]): readonly NewLetter[] {
    const letters = new Map<number, NewLetter>();
    const isOpen = this.#openOnes();
    for (const item of items) {
      if (this.#isAcknowledged(item)) continue;
      const { event, key } = item;
      const { position, id } = event;
      const refusal = this.#refused.get(messageId(event))?.refusal;
      // Never: a message that is neither at the broker nor among the letters would be lost.
      if (isOpen(item)) throw new Error(`the message of event ${id} was not settled`);
      if (refusal) {
        letters.set(position, { position, id, key, state: "failed", attempts: refusal.attempts, ...errorDetails(refusal.error) });
        this.#shard.report(event, refusal.error, "It is a dead letter now.");
      } else if (!letters.has(position)) {
        letters.set(position, { position, id, key, state: "parked", attempts: 0, code: null, message: null, stack: null });
      }
    }
    return [...letters.values()];
  }

  #throwRefusal(event: RecordedEvent): void {
    const refused = this.#refused.get(messageId(event));
    if (refused) throw refused.refusal.error;
  }

  moved = (): void => {
    const { position } = this.#shard.checkpoint.written;
    for (const [id, at] of this.#acknowledged) if (at <= position) this.#acknowledged.delete(id);
    for (const [id, { item }] of this.#refused) {
      if (item.event.position > position) continue;
      this.#parked.add(item.key);
      this.#refused.delete(id);
    }
  };

  giveUp = async ({ followed, event, attempt, error, undecodable }: FailedEvent): Promise<GiveUpDecision> => {
    if (!undecodable) return { action: "retry", afterMs: otherFailureMs };
    const { position, id, streamId } = followed.event;
    await this.#letters.parkAlone(followed.event, { position, id, key: streamId, state: "failed", attempts: attempt, ...errorDetails(error) });
    this.#parked.add(streamId);
    this.#shard.report(event, error, `${notTriedAgain} It is a dead letter now.`);
    return { action: "passed" };
  };

  requested = async (): Promise<void> => {
    while (await this.#shard.mayGoOn()) {
      const letter = await this.#letters.nextRequested();
      if (!letter || !(await this.#retry(letter))) return;
    }
  };

  /** Publishes the event of a letter again. False: the shard had to end before. */
  async #retry(letter: { readonly position: number; readonly stream: number }): Promise<boolean> {
    const event = await this.#letters.read(letter.position);
    if (!event) {
      await this.#letters.failedAgain(letter, 1, errorDetails(new Error(`No event stands at position ${letter.position} any more.`)));
      return true;
    }
    const followed = { event, stream: letter.stream };
    this.#retrying = true;
    try {
      for (let attempt = 1; ; attempt++) {
        this.#forget(letter.position);
        const failed = await this.#shard.handleApart(followed, attempt, (queryable) => this.#letters.settle(queryable, letter));
        if (!failed) return true;
        const { error, undecodable } = failed;
        if (!isTidemarkError(error, "SINK_UNAVAILABLE")) {
          await this.#letters.failedAgain(letter, attempt, errorDetails(error));
          this.#shard.report(event, error, undecodable ? `${notTriedAgain} It stays a dead letter.` : "It stays a dead letter.");
          return true;
        }
        if (!(await this.#shard.waitToRetry({ ...failed, followed, attempt }, delayAfter(this.#tools.relay.settings.retry, attempt)))) return false;
      }
    } finally {
      this.#forget(letter.position);
      this.#retrying = false;
    }
  }

  /** What an earlier try of a letter came to. */
  #forget(position: number): void {
    for (const [id, { item }] of this.#refused) if (item.event.position === position) this.#refused.delete(id);
  }
}
