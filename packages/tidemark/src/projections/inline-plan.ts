import { InlineFailure, type InlinePlan } from "../append/inline.ts";
import type { Session, TextRow } from "../database/database.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { ProjectionFailedError } from "../errors/projections.ts";
import type { RecordedEvent } from "../model/event.ts";
import { followerOf } from "./defined-projection.ts";
import { DocumentSet, failedAt, refuseOtherIds } from "./document-set.ts";
import type { StoredDocument } from "../documents/collection-table.ts";
import { byTenant } from "./follow-batch.ts";
import type { HandlerTarget, InlineTarget } from "./inline-target.ts";
import type { ProjectionTransaction } from "./projection.ts";

/** An event that a projection handles. */
export interface Touch {
  /** Of the batch. */
  readonly append: number;
  readonly row: TextRow;
  /** Of documents. */
  readonly ids: readonly string[];
  /** What `documentId` asked the event for that it did not have yet. */
  readonly asked?: string | undefined;
}

/** The store in an append's transaction, for one tenant. */
export type OpenInside = (session: Session, tenant: string) => ProjectionTransaction;

/** What one batch of appends changes in the inline projections. */
export class BatchPlan implements InlinePlan {
  readonly #openInside: OpenInside;
  readonly #touches: ReadonlyMap<InlineTarget, readonly Touch[]>;
  readonly #loaded = new Map<InlineTarget, readonly StoredDocument[]>();

  constructor(openInside: OpenInside, touches: ReadonlyMap<InlineTarget, readonly Touch[]>) {
    this.#openInside = openInside;
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

  async lock(session: Session): Promise<void> {
    for (const [target, touches] of this.#touches) {
      if (!target.documents) continue;
      const keys = touches.flatMap(({ row, ids }) => ids.map((id) => ({ tenant: row["tenant"] ?? "", id })));
      if (keys.length > 0) this.#loaded.set(target, await target.documents.lock(session, keys));
    }
  }

  async write(session: Session, written: (append: number) => readonly RecordedEvent[]): Promise<void> {
    const touched = new Set([...this.#touches.values()].flatMap((touches) => touches.map(({ append }) => append)));
    const events = new Map([...touched].flatMap(written).map((event) => [eventKey(event.tenant, event.id), event]));
    for (const [target, touches] of this.#touches) {
      const wanted = touches
        .map((touch) => ({ ...touch, event: events.get(eventKey(touch.row["tenant"], touch.row["id"])) }))
        .filter((touch): touch is RecordedTouch => touch.event !== undefined)
        .sort((a, b) => a.event.position - b.event.position);
      if (wanted.length > 0) await this.#apply(session, target, wanted);
    }
  }

  async #apply(session: Session, target: InlineTarget, touches: readonly RecordedTouch[]): Promise<void> {
    try {
      if (target.documents) {
        const documents = new DocumentSet(target.projection, this.#loaded.get(target) ?? []);
        for (const { event, ids, asked } of touches) {
          if (asked !== undefined) refuseOtherIds(target.projection, event, { asked, ids });
          documents.evolve(event, ids);
        }
        await documents.written((writes) => target.documents.write(session, writes));
      } else {
        await this.#handle(session, target, touches);
      }
    } catch (error) {
      if (!(error instanceof ProjectionFailedError)) throw error;
      // Whoever holds what its statement needed gives it back: the append is sent again.
      if (isTidemarkError(error.cause, "DATABASE") && error.cause.retryable) throw error.cause;
      const unknown = !target.documents && target.work.inBatches && new Set(touches.map(({ append }) => append)).size > 1;
      throw new InlineFailure(unknown ? undefined : touches.find(({ event }) => event.id === error.eventId)?.append, error);
    }
  }

  async #handle(session: Session, { projection, work }: HandlerTarget, touches: readonly RecordedTouch[]): Promise<void> {
    const events = touches.map(({ event }) => event);
    for (const group of byTenant(events, work.inBatches)) {
      const [first] = group;
      if (!first) continue;
      try {
        await work.handle(group, this.#openInside(session, first.tenant));
        await session.settled();
      } catch (error) {
        throw failedAt(projection, first, error);
      }
    }
  }
}

interface RecordedTouch extends Touch {
  readonly event: RecordedEvent;
}

function eventKey(tenant: string | null | undefined, id: string | null | undefined): string {
  return `${tenant}\u001f${id}`;
}
