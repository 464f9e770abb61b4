import { pause } from "../../async/pause.ts";
import type { Queryable, Session, Statement } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { functionName } from "../../schema/function-set.ts";

/** Positions that a follower makes up for in a moment. */
const closeBy = 1_000;
/** How long the follower of the version that serves waits for the other at most, and for one that does not move. */
const mostMs = 5_000;
const stillMs = 1_500;
const lookMs = 10;

/** The follower of the version that serves: it stands still in a transaction of the swap's until the next version is as far. */
export class HeldBack {
  readonly #of: { readonly name: string; readonly version: number };
  readonly #hold: Statement;
  readonly #lag: Statement;

  constructor(schema: string, of: { readonly name: string; readonly version: number }) {
    this.#of = of;
    const at = quoteIdentifier(schema);
    this.#hold = { name: "tidemark_hold_projection_shards", text: `select ${functionName(schema, "hold_projection_shards")}($1, $2, $3)::text` };
    // No row is locked: the follower that is behind moves its own.
    this.#lag = {
      name: "tidemark_version_lag",
      text: `
select pg_catalog.max(at.position - coalesce(greatest(s.position, b.reached), 0))::text as lag
  from ${at}.consumers as old
  join ${at}.consumer_shards as at on at.tenant = old.tenant and at.consumer = old.name
  left join ${at}.consumers as new on new.tenant = old.tenant and new.kind = 'projection' and new.owner_name = $1 and new.owner_version = $2::integer
  left join ${at}.consumer_shards as s on s.tenant = new.tenant and s.consumer = new.name
  left join ${at}.projection_builds as b on b.name = $1 and b.version = $2::integer and b.tenant = old.tenant
 where old.kind = 'projection' and old.owner_name = $1 and old.owner_version = $3::integer`,
    };
  }

  /** Lets no handler of these versions begin until the transaction ends, and waits for those that are in flight. */
  async hold(session: Pick<Session, "query">, ...versions: readonly [serving: number | undefined, other?: number]): Promise<void> {
    await session.query(this.#hold, [this.#of.name, versions[0] ?? null, versions[1] ?? null]);
  }

  async isClose(queryable: Pick<Queryable, "query">, serving: number | undefined): Promise<boolean> {
    return (await this.#behind(queryable, serving)) <= closeBy;
  }

  /** Holds the version back that serves, and waits for the other, for as long as that comes nearer. */
  async wait(session: Pick<Session, "query">, serving: number | undefined): Promise<void> {
    await this.hold(session, serving);
    const until = performance.now() + mostMs;
    let least = Number.POSITIVE_INFINITY;
    for (let nearedAt = performance.now(); performance.now() < Math.min(until, nearedAt + stillMs); await pause(lookMs, undefined)) {
      const behind = await this.#behind(session, serving);
      if (behind <= 0) return;
      if (behind < least) [least, nearedAt] = [behind, performance.now()];
    }
  }

  async #behind(queryable: Pick<Queryable, "query">, serving: number | undefined): Promise<number> {
    const [row] = await queryable.query(this.#lag, [this.#of.name, this.#of.version, serving ?? null]);
    return Number(row?.["lag"] ?? 0);
  }
}
