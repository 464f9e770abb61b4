import { checkBoolean, checkDate, oneOf, wholeNumber } from "../arguments/checks.ts";
import { checkAction, checkPerson, checkSubject } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { checkUuid } from "../arguments/uuid.ts";
import type { Queryable, TextRow, Value } from "../database/database.ts";
import { errorDetails } from "../database/error-details.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { milliseconds } from "../database/milliseconds.ts";
import { toSafeInteger } from "../database/number.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { NotFoundError } from "../errors/following.ts";
import type { Audit, AuditEntry, AuditQuery, AuditState, NewAuditEntry, PruneAuditOptions, RecordedAuditEntry, SettleAuditOptions } from "./audit.ts";
import { encodeEntry } from "./encode-entry.ts";

const batchSize = 1_000;
/** Began before `$2`, in milliseconds. Of the tenant `$1`; of all, where that is null. */
const isOld = `($1::text is null or a.tenant = $1::text)
     and a.begun_at < timestamptz 'epoch' + $2::bigint::float8 * interval '1 millisecond'`;
const states: readonly AuditState[] = ["begun", "done", "failed"];
const listShape = {
  subject: checkSubject,
  actor: checkPerson,
  action: checkAction,
  state: oneOf(...states),
  before: wholeNumber(1),
  limit: wholeNumber(1, 10_000),
};

/** The audit of one tenant. */
export class StoreAudit implements Audit {
  readonly #database: Queryable;
  readonly #at: string;
  readonly #tenant: string;

  static {
    keepCallers(this);
  }

  constructor(database: Queryable, schema: string, tenant: string) {
    this.#database = database;
    this.#at = quoteIdentifier(schema);
    this.#tenant = tenant;
  }

  async record(entry: NewAuditEntry): Promise<RecordedAuditEntry> {
    const { id, action, subject, parameters, actor, role, reason } = encodeEntry(entry);
    const text = `
insert into ${this.#at}.audit_entries as a (tenant, id, action, subject, parameters, actor, role, reason)
  values ($1, $2::uuid, $3, $4, $5::text::jsonb, $6, $7, $8)
  on conflict on constraint audit_entries_tenant_id_key do nothing
  returning a.number::text as number`;
    const values = [this.#tenant, id, action, subject, parameters, actor, role, reason];
    const inserted = await this.#database.query({ name: "tidemark_audit_record", text }, values);
    return { id, repeated: inserted.length === 0 };
  }

  async settle(id: string, options?: SettleAuditOptions): Promise<void> {
    const checked = checkUuid(id, "id");
    const { error } = checkOptions(options, { error: (value: unknown): string => errorDetails(value).message });
    const text = `
with settled as (
  update ${this.#at}.audit_entries as a
     set state = $3, error = $4, settled_at = pg_catalog.clock_timestamp()
   where a.tenant = $1 and a.id = $2::uuid and a.state = 'begun'::text
)
select 'found' as found from ${this.#at}.audit_entries as a where a.tenant = $1 and a.id = $2::uuid`;
    const values = [this.#tenant, checked, error === undefined ? "done" : "failed", error ?? null];
    const found = await this.#database.query({ name: "tidemark_audit_settle", text }, values);
    if (found.length === 0)
      throw new NotFoundError("audit entry", checked, "It was removed, or never recorded; store.audit.list() lists those that are there.");
  }

  async list(query?: AuditQuery): Promise<readonly AuditEntry[]> {
    const { subject = null, actor = null, action = null, state = null, before = null, limit = 100 } = checkOptions(query, listShape, "query");
    const text = `
select a.number::text as number, a.id::text as id, a.action as action, a.subject as subject, a.parameters::text as parameters, a.actor as actor,
       a.role as role, a.reason as reason, a.state as state, a.error as error,
       ${milliseconds("a.begun_at")} as begun_at, ${milliseconds("a.settled_at")} as settled_at
  from ${this.#at}.audit_entries as a
 where a.tenant = $1::text and ($2::bigint is null or a.number < $2::bigint) and ($3::text is null or a.subject = $3::text)
   and ($4::text is null or a.actor = $4::text) and ($5::text is null or a.action = $5::text) and ($6::text is null or a.state = $6::text)
 order by a.number desc
 limit $7`;
    const values = [this.#tenant, before, subject, actor, action, state, limit];
    return (await this.#database.query({ name: "tidemark_audit_list", text, unprepared: true }, values)).map(auditEntry);
  }

  async prune(options: PruneAuditOptions): Promise<number> {
    const { before, dryRun } = checkOptions(options, { before: checkDate, dryRun: checkBoolean });
    if (before === undefined) throw new InvalidArgumentError("options.before", "is missing");
    const values = [this.#tenant === "" ? null : this.#tenant, before.getTime()];
    return dryRun ? this.#countOld(values) : this.#removeOld(values);
  }

  async #countOld(values: readonly Value[]): Promise<number> {
    const text = `select pg_catalog.count(*)::text as found from ${this.#at}.audit_entries as a where ${isOld}`;
    const [row] = await this.#database.query({ name: "tidemark_audit_count_old", text }, values);
    return toSafeInteger(row?.["found"]);
  }

  async #removeOld(values: readonly Value[]): Promise<number> {
    const text = `
with old as materialized (
  select a.tenant, a.number
    from ${this.#at}.audit_entries as a
   where ${isOld}
   limit ${batchSize}
     for update skip locked
), gone as (
  delete from ${this.#at}.audit_entries as a using old where a.tenant = old.tenant and a.number = old.number returning 1
)
select pg_catalog.count(*)::text as removed from gone`;
    let removed = 0;
    for (let last = batchSize; last === batchSize; removed += last) {
      const [row] = await this.#database.query({ name: "tidemark_audit_prune", text }, values);
      last = toSafeInteger(row?.["removed"]);
    }
    return removed;
  }
}

function auditEntry(row: TextRow): AuditEntry {
  const { parameters, settled_at: settledAt } = row;
  return {
    number: toSafeInteger(row["number"]),
    id: row["id"] ?? "",
    action: row["action"] ?? "",
    subject: row["subject"] ?? "",
    parameters: parameters == null ? undefined : JSON.parse(parameters),
    actor: row["actor"] ?? undefined,
    role: row["role"] ?? undefined,
    reason: row["reason"] ?? undefined,
    state: states.find((state) => state === row["state"]) ?? "begun",
    error: row["error"] ?? undefined,
    begunAt: new Date(toSafeInteger(row["begun_at"])),
    settledAt: settledAt == null ? undefined : new Date(toSafeInteger(settledAt)),
  };
}
