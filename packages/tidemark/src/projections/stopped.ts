import type { Queryable } from "../database/database.ts";

import { ProjectionStoppedError } from "../errors/projections.ts";
import type { Projection } from "../arguments/projection.ts";
import { functionName } from "../schema/function-set.ts";
import { followerOf } from "./defined-projection.ts";

/** So long a projection counts as written once it was seen to be. A reading is not asked about each time. */
const knownMs = 1_000;

/** Until when which projections count as written, by database and by schema and follower. */
const known = new WeakMap<object, Map<string, number>>();

/**
 * Refuses to read the documents of an inline projection that stopped at an event: they lack that event and all after it, so that a
 * document that is missing, or old, would look like the truth.
 *
 * @param owner - What the answer is kept for: the store's database.
 * @throws {@link ProjectionStoppedError}
 * @see SQL: `schema/functions/projection-stop.sql`
 */
export async function refuseStopped(queryable: Queryable, owner: object, schema: string, projection: Pick<Projection, "name" | "version">): Promise<void> {
  const key = `${schema}\u001f${followerOf(projection)}`;
  const written = known.get(owner) ?? new Map<string, number>();
  known.set(owner, written);
  if ((written.get(key) ?? 0) > performance.now()) return;
  const text = `select p.state::text as state, p.details::text as details from ${functionName(schema, "projection_stop")}($1, $2::integer) as p`;
  const [row] = await queryable.query({ name: "tidemark_projection_stop", text }, [projection.name, projection.version]);
  if (row?.["state"] === "live") written.set(key, performance.now() + knownMs);
  const { error, event }: Details = JSON.parse(row?.["details"] ?? "{}");
  if (event) throw new ProjectionStoppedError(projection, event, error?.message ?? "it is not known why");
}

/** What a follower tells at its heartbeats. */
interface Details {
  readonly error?: { readonly message: string };
  readonly event?: { readonly position: number; readonly id: string; readonly streamId: string };
}
