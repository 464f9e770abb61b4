import type { EncodedAppend } from "../append/encoded.ts";
import { InlineFailure, type InlinePlan, type InlineProjections } from "../append/inline.ts";
import type { TextRow } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { milliseconds } from "../read/decode.ts";
import type { DefinedProjection } from "./defined-projection.ts";
import { documentIdsOf } from "./document-set.ts";
import { BatchPlan, type PlanParts, type Touch } from "./inline-plan.ts";
import { type InlineTarget, inlineTarget } from "./inline-target.ts";
import { UnwrittenEvent, unwrittenRow } from "./unwritten-event.ts";

/** The inline projections that appends write now. */
export class LiveProjections implements InlineProjections {
  readonly #targets: readonly InlineTarget[];
  readonly #parts: PlanParts;

  constructor(schema: string, projections: readonly DefinedProjection[], createTransaction: PlanParts["createTransaction"]) {
    this.#targets = projections.map((projection) => inlineTarget(projection, schema));
    this.#parts = { places: placesStatement(schema), createTransaction };
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
    return new BatchPlan(this.#parts, new Map(ordered));
  }

  #touch(touches: Map<InlineTarget, Touch[]>, append: number, row: TextRow): void {
    for (const target of this.#targets) {
      if (!target.matches(row)) continue;
      const ids = idsOf(target, append, row);
      if (target.documents && ids.length === 0) continue;
      const list = touches.get(target) ?? [];
      touches.set(target, list);
      list.push({ append, row, ids });
    }
  }
}

function idsOf(target: InlineTarget, append: number, row: TextRow): readonly string[] {
  if (!target.documents) return [];
  try {
    return documentIdsOf(target.projection, new UnwrittenEvent(row));
  } catch (error) {
    throw new InlineFailure(append, error);
  }
}

/** Where the events of this transaction stand, by their tenants and ids. The lateral subquery keeps it to look-ups in the index. */
function placesStatement(schema: string): PlanParts["places"] {
  const text = `
select w.n::text as n, e.position::text as position, e.version::text as version, ${milliseconds("e.recorded_at")} as recorded_at
  from unnest(string_to_array($1, chr(30)), $2::uuid[]) with ordinality as w (tenant, id, n)
 cross join lateral (
   select position, version, recorded_at
     from ${quoteIdentifier(schema)}.events as found
    where found.tenant = w.tenant and found.id = w.id
   offset 0
 ) as e
 where w.id is not null`;
  return { name: "tidemark_written_places", text };
}
