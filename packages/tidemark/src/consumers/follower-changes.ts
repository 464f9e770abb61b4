import { wholeNumber } from "../arguments/checks.ts";
import { checkPerson, checkReason } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import type { Statement, Value } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { NotFoundError } from "../errors/following.ts";
import type { AdministrationScope } from "../runtime/administration-scope.ts";
import { functionName } from "../schema/function-set.ts";

const checkAfter = wholeNumber(0);

export interface ChangedFollowers {
  /** `consumers.name` of one that goes by this name. */
  readonly follower: (name: string) => string;
  readonly notFound: (name: string) => Promise<NotFoundError>;
}

/** What can be changed of followers while they work, whatever their kind. */
export class FollowerChanges {
  readonly #scope: AdministrationScope;
  readonly #followers: ChangedFollowers;

  constructor(scope: AdministrationScope, followers: ChangedFollowers) {
    this.#scope = scope;
    this.#followers = followers;
  }

  async pause(name: string, options: unknown): Promise<void> {
    const { reason = null, by = null } = checkOptions(options, { reason: checkReason, by: checkPerson });
    const text = (schema: string): string => `
update ${quoteIdentifier(schema)}.consumers as c
   set paused = true, pause_reason = $3, paused_by = $4, paused_at = pg_catalog.clock_timestamp()
 where c.tenant = $1 and c.name = $2
returning 'true' as found`;
    await this.change(name, "pause", text, reason, by);
  }

  resume(name: string): Promise<void> {
    return this.change(name, "resume", (schema) => `select ${functionName(schema, "resume_consumer")}($1, $2)::text as found`);
  }

  async reset(name: string, options: unknown): Promise<void> {
    const { after } = checkOptions(options, { after: (value, path) => (value === "end" ? null : checkAfter(value, path)) });
    if (after === undefined) throw new InvalidArgumentError("options.after", 'is missing: a position, 0 for the beginning, or "end"');
    await this.change(name, "reset", (schema) => `select ${functionName(schema, "reset_consumer")}($1, $2, $3)::text as found`, after);
  }

  /** @param text - Of a statement that takes tenant, name and `values`, and returns whether it `found` the follower. */
  async change(name: string, what: string, text: (schema: string) => string, ...values: readonly Value[]): Promise<void> {
    const { context, tenant, changed } = this.#scope;
    const follower = this.#followers.follower(name);
    const statement: Statement = { name: `tidemark_worker_${what}`, text: text(context.schema) };
    // Before, since a shard that has just failed may not have told the database yet, and resume looks there.
    await changed();
    const [row] = await context.database.query(statement, [tenant, follower, ...values]);
    if (row?.["found"] !== "true") throw await this.#followers.notFound(name);
    context.progress.moved(tenant, follower);
    await changed();
  }
}
