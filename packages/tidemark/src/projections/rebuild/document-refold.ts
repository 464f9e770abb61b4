import { decodedParts, type EventDecoder } from "../../catalogue/event-codec.ts";
import type { Queryable } from "../../database/database.ts";
import { LogPages } from "../../feed/log-pages.ts";
import type { RecordedEvent } from "../../model/event.ts";
import { decodeLogEvent } from "../../read/decode.ts";
import type { ValidQueryItem } from "../../read/filter.ts";
import { StatementsBySize } from "../../read/statements-by-size.ts";
import { asStored } from "../../documents/as-stored.ts";
import type { DefinedDocumentProjection } from "../defined-projection.ts";
import { documentIdsOf, evolved, failedAt } from "../document-set.ts";

/** Which document. */
export interface RefoldedDocument {
  readonly projection: DefinedDocumentProjection;
  readonly decoder: EventDecoder<ValidQueryItem>;
  readonly schema: string;
  readonly tenant: string;
  readonly id: string;
}

/** One document as the log makes it, event by event. `documentId` is asked of every event that the projection handles: any may be for it. */
export class DocumentRefold {
  readonly #of: RefoldedDocument;
  readonly #statements: StatementsBySize;
  /** No event up to here is for it. */
  readonly startedAfter: number;
  #reached: number;
  #document: object | undefined;
  #deleted: object | undefined;
  #last: RecordedEvent | undefined;
  #events = 0;

  constructor(of: RefoldedDocument, startedAfter: number) {
    this.#of = of;
    this.#statements = new StatementsBySize(of.schema);
    this.startedAfter = startedAfter;
    this.#reached = startedAfter;
  }

  /** Everything up to here is folded. */
  get reached(): number {
    return this.#reached;
  }

  /** The events that changed it so far. */
  get events(): number {
    return this.#events;
  }

  /** The last of them. */
  get last(): RecordedEvent | undefined {
    return this.#last;
  }

  /** What it was when an event deleted it last. */
  get deleted(): object | undefined {
    return this.#deleted;
  }

  /** As it would come back from its table. */
  get document(): object | undefined {
    return this.#document && asStored(this.#of.id, this.#document);
  }

  /** Folds what is committed up to a position. Rejects with `ProjectionFailedError` where an event cannot be folded. */
  async upTo(until: number, queryable: Queryable, signal: AbortSignal): Promise<void> {
    if (until <= this.#reached) return;
    const { tenant, decoder } = this.#of;
    const log = new LogPages(queryable, this.#statements);
    const pages = log.open(this.#reached, until, { tenant, filter: decoder.filter, shard: undefined }, signal);
    for (let over = false; !over;) {
      signal.throwIfAborted();
      const { rows, reached, last } = await pages.next();
      for (const row of rows) for (const event of this.#decoded(decodeLogEvent(row))) this.#take(event);
      // Page by page: where the next one fails, this is not folded twice.
      this.#reached = reached;
      over = last;
    }
  }

  #decoded(event: RecordedEvent): readonly RecordedEvent[] {
    try {
      return decodedParts(event, this.#of.decoder);
    } catch (error) {
      throw failedAt(this.#of.projection, event, error);
    }
  }

  #take(event: RecordedEvent): void {
    const { projection, id } = this.#of;
    const ids = documentIdsOf(projection, event);
    if (!ids.includes(id)) return;
    const next = evolved(projection, { id, document: this.#document, evolved: true }, event, ids.length > 1);
    if (!next) this.#deleted = this.#document ?? this.#deleted;
    this.#document = next;
    this.#last = event;
    this.#events++;
  }
}
