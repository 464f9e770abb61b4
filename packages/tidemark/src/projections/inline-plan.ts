import { InlineFailure, type InlinePlan } from "../append/inline.ts";
import { sendInTurn } from "../database/calls.ts";
import type { Call, Session, TextRow } from "../database/database.ts";
import type { DocumentKey } from "../documents/collection.ts";
import type { Planning } from "../documents/collection-table.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { ProjectionFailedError } from "../errors/projections.ts";
import type { RecordedEvent } from "../model/event.ts";
import { followerOf } from "./defined-projection.ts";
import { DocumentSet, failedAt, refuseOtherIds } from "./document-set.ts";
import { byTenant } from "./follow-batch.ts";
import { writtenParts } from "./inline-parts.ts";
import type { FoundDocuments, InlineDocuments } from "./inline-documents.ts";
import type { DocumentTarget, HandlerTarget, InlineTarget } from "./inline-target.ts";
import type { InlineTracing } from "./inline-tracing.ts";
import type { CreateProjectionTransaction } from "./projection.ts";

/** An event that a projection handles. */
export interface Touch {
  /** Of the batch. */
  readonly append: number;
  readonly row: TextRow;
  /** Of documents. */
  readonly ids: readonly string[];
  /** What `documentId`, or a step of the catalogue, may have asked the event for that it did not have yet. */
  readonly asked?: string | undefined;
  /** Which of the events that the stored one is to the projection. Undefined: it is that one itself. */
  readonly part?: { readonly index: number; readonly of: number };
}

/** What the plans of one store share. */
export interface PlanContext {
  readonly createTransaction: CreateProjectionTransaction;
  readonly tracing: InlineTracing;
}

/** What one batch of appends changes in the inline projections. */
export class BatchPlan implements InlinePlan {
  readonly #context: PlanContext;
  readonly #touches: ReadonlyMap<InlineTarget, readonly Touch[]>;
  readonly #loaded = new Map<InlineTarget, FoundDocuments>();

  constructor(context: PlanContext, touches: ReadonlyMap<InlineTarget, readonly Touch[]>) {
    this.#context = context;
    this.#touches = touches;
  }

  get empty(): boolean {
    return this.#touches.size === 0;
  }

  get projections(): readonly string[] {
    return [...this.#touches.keys()].map(({ projection }) => followerOf(projection));
  }

  get documents(): number {
    let count = 0;
    for (const touches of this.#touches.values()) {
      count += new Set(touches.flatMap(({ row, ids }) => ids.map((id) => eventKey(row["tenant"], id)))).size;
    }
    return count;
  }

  get runsHandlers(): boolean {
    return [...this.#touches.keys()].some(({ documents }) => documents === undefined);
  }

  locks(planning: Planning): readonly Call[] {
    return this.#documentsTouched().flatMap(({ documents, keys }) => documents.lock(keys, planning));
  }

  load(answers: readonly (readonly TextRow[])[]): boolean {
    let next = 0;
    for (const { target, documents, keys } of this.#documentsTouched()) {
      this.#loaded.set(target, documents.found(keys, answers.slice(next, next + 2)));
      next += 2;
    }
    return [...this.#loaded.values()].every(({ gone }) => gone.length === 0);
  }

  async lockGone(session: Session): Promise<void> {
    for (const { target, documents } of this.#documentsTouched()) {
      const { found = [], gone = [] } = this.#loaded.get(target) ?? {};
      if (gone.length > 0) this.#loaded.set(target, { found: [...found, ...(await documents.lockGone(session, gone))], gone: [] });
    }
  }

  #documentsTouched(): readonly TouchedDocuments[] {
    return [...this.#touches].flatMap(([target, touches]) => {
      const keys = touches.flatMap(({ row, ids }) => ids.map((id) => ({ tenant: row["tenant"] ?? "", id })));
      return target.documents && keys.length > 0 ? [{ target, documents: target.documents, keys }] : [];
    });
  }

  writes(written: (append: number) => readonly RecordedEvent[]): readonly Call[] {
    return this.#recorded(written).flatMap(([target, touches]) => (target.documents ? this.#evolve(target, touches) : []));
  }

  async write(session: Session, written: (append: number) => readonly RecordedEvent[]): Promise<void> {
    for (const [target, touches] of this.#recorded(written)) {
      if (target.documents) await sendInTurn(session, this.#evolve(target, touches));
      else await this.#handle(session, target, touches);
    }
  }

  /** What was written now, of each projection that it concerns, in the order of the log. */
  #recorded(written: (append: number) => readonly RecordedEvent[]): readonly (readonly [InlineTarget, readonly RecordedTouch[]])[] {
    const touched = new Set([...this.#touches.values()].flatMap((touches) => touches.map(({ append }) => append)));
    const events = new Map([...touched].flatMap(written).map((event) => [eventKey(event.tenant, event.id), event]));
    return [...this.#touches].flatMap(([target, touches]) => {
      const wanted = touches
        .map((touch) => ({ ...touch, event: recordedPart(target, touch, events.get(eventKey(touch.row["tenant"], touch.row["id"]))) }))
        .filter((touch): touch is RecordedTouch => touch.event !== undefined)
        .sort((a, b) => a.event.position - b.event.position);
      return wanted.length > 0 ? [[target, wanted] as const] : [];
    });
  }

  #evolve(target: DocumentTarget, touches: readonly RecordedTouch[]): readonly Call[] {
    try {
      const documents = new DocumentSet(target.projection, this.#loaded.get(target)?.found ?? []);
      const { tracing } = this.#context;
      if (tracing.listened) tracing.evolve(target.projection, eventsOf(touches), () => evolveAll(target, documents, touches));
      else evolveAll(target, documents, touches);
      return documents.writesTo(target.documents.table).map((call) => ({
        ...call,
        explain: (error) => blame(touches, call.explain ? call.explain(error) : error),
      }));
    } catch (error) {
      throw blame(touches, error);
    }
  }

  async #handle(session: Session, { projection, work, replaying }: HandlerTarget, touches: readonly RecordedTouch[]): Promise<void> {
    const events = eventsOf(touches);
    for (const group of byTenant(events, work.inBatches)) {
      const [first] = group;
      if (!first) continue;
      try {
        const { createTransaction, tracing } = this.#context;
        await tracing.handle(projection, group, async () => {
          await work.handle(group, createTransaction(session, first.tenant, { replaying }));
          await session.settled();
        });
      } catch (error) {
        throw blame(touches, failedAt(projection, first, error), work.inBatches);
      }
    }
  }
}

function evolveAll({ projection }: DocumentTarget, documents: DocumentSet, touches: readonly RecordedTouch[]): void {
  for (const { event, ids, asked } of touches) {
    if (asked !== undefined) refuseOtherIds(projection, event, { asked, ids });
    documents.evolve(event, ids);
  }
}

function eventsOf(touches: readonly RecordedTouch[]): readonly RecordedEvent[] {
  return touches.map(({ event }) => event);
}

/** Of an event that was written now, what the touch is about. */
function recordedPart({ projection, decode }: InlineTarget, { append, part }: Touch, event: RecordedEvent | undefined): RecordedEvent | undefined {
  if (!event || !decode || !part) return event;
  try {
    return writtenParts(projection, event, part.of, decode)[part.index];
  } catch (error) {
    throw new InlineFailure(append, error);
  }
}

/** Which append an error is to be blamed on, where it is a projection's. */
function blame(touches: readonly RecordedTouch[], error: unknown, inBatches = false): unknown {
  if (!(error instanceof ProjectionFailedError)) return error;
  // Another transaction holds what its statement needed, and will release it: the append is sent again.
  if (isTidemarkError(error.cause, "DATABASE") && error.cause.retryable) return error.cause;
  const unknown = inBatches && new Set(touches.map(({ append }) => append)).size > 1;
  return new InlineFailure(unknown ? undefined : touches.find(({ event }) => event.id === error.eventId)?.append, error);
}

interface TouchedDocuments {
  readonly target: InlineTarget;
  readonly documents: InlineDocuments;
  readonly keys: readonly DocumentKey[];
}

interface RecordedTouch extends Touch {
  readonly event: RecordedEvent;
}

function eventKey(tenant: string | null | undefined, id: string | null | undefined): string {
  return `${tenant}\u001f${id}`;
}
