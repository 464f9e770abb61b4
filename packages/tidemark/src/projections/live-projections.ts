import type { EventCodec } from "../catalogue/event-codec.ts";
import type { EncodedAppend } from "../append/encoded.ts";
import { InlineFailure, type InlinePlan, type InlineProjections } from "../append/inline.ts";
import type { TextRow } from "../database/database.ts";
import { documentIdsOf } from "./document-set.ts";
import { BatchPlan, type PlanContext, type Touch } from "./inline-plan.ts";
import { type InlineTarget, inlineTarget, type LiveProjection } from "./inline-target.ts";
import { unwrittenParts } from "./inline-parts.ts";
import { UnwrittenEvent, unwrittenRow } from "./unwritten-event.ts";

/** The inline projections that appends write now. */
export class LiveProjections implements InlineProjections {
  readonly #targets: readonly InlineTarget[];
  readonly #context: PlanContext;

  constructor(schema: string, projections: readonly LiveProjection[], codec: EventCodec, context: PlanContext) {
    this.#targets = projections.map((projection) => inlineTarget(projection, schema, codec));
    this.#context = context;
  }

  plan(appends: readonly EncodedAppend[]): InlinePlan {
    const touches = new Map<InlineTarget, Touch[]>();
    for (const [append, { parts }] of appends.entries()) {
      for (const part of parts) {
        for (const event of part.events) this.#touch(touches, append, unwrittenRow(part, event));
      }
    }
    // Documents are locked in this order: the same for all appends, or two of them would wait for each other in a ring.
    const ordered = this.#targets.flatMap((target) => {
      const touched = touches.get(target);
      return touched ? [[target, touched] as const] : [];
    });
    return new BatchPlan(this.#context, new Map(ordered));
  }

  #touch(touches: Map<InlineTarget, Touch[]>, append: number, row: TextRow): void {
    for (const target of this.#targets) {
      if (!target.matches(row)) continue;
      for (const touch of touchesOf(target, append, row)) {
        if (target.documents && touch.ids.length === 0 && touch.asked === undefined) continue;
        const list = touches.get(target) ?? [];
        touches.set(target, list);
        list.push(touch);
      }
    }
  }
}

function touchesOf(target: InlineTarget, append: number, row: TextRow): readonly Touch[] {
  const { projection, documents, decode } = target;
  try {
    if (decode) {
      return unwrittenParts(projection, row, decode).map(({ event, stepped }, part, { length }) => {
        const ids = documents ? documentIdsOf(projection, event) : [];
        return { append, row, ids, asked: event.asked ?? (stepped ? "recordedAt" : undefined), part: { index: part, of: length } };
      });
    }
    if (!documents) return [{ append, row, ids: [] }];
    const event = UnwrittenEvent.of(row);
    const ids = documentIdsOf(projection, event);
    return [{ append, row, ids, asked: event.asked }];
  } catch (error) {
    throw new InlineFailure(append, error);
  }
}
