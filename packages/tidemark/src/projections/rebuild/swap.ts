import type { Session, Statement } from "../../database/database.ts";
import { wasCutOff } from "../../database/sql-state.ts";
import { isTidemarkError } from "../../errors/errors.ts";
import { liveSql } from "../../documents/collection-sql.ts";
import { functionName } from "../../schema/function-set.ts";
import { quoteLiteral } from "../../schema/render.ts";
import { gateIsIdle } from "../gate-is-idle.ts";
import type { WorkerContext } from "../../runtime/worker-context.ts";
import { CarryOver, type ProjectionDependent } from "./carry-over.ts";
import { HeldBack } from "./held-back.ts";

/** A version that may come to serve, as the registry has it. */
export interface SwapTarget {
  readonly name: string;
  readonly version: number;
  readonly mode: "inline" | "async";
  readonly collection: string | undefined;
  /** What its definition does besides, in the same transaction. */
  readonly hook: ((session: Session) => Promise<void>) | undefined;
}

/** Why a version does not serve yet. */
export type SwapRefusal =
  | { readonly why: "unknown" | "building" }
  /** Nothing writes it: `"paused"` or `"inactive"`. */
  | { readonly why: "inactive"; readonly state: string }
  | { readonly why: "failed"; readonly error: unknown }
  /** Appends do not write it (inline), or it is not as far as the one that serves for these tenants. */
  | { readonly why: "behind"; readonly tenants: readonly string[] }
  /** These transactions may read with a snapshot in which its table was not complete. */
  | { readonly why: "snapshots"; readonly holders: readonly string[] }
  | { readonly why: "dependents"; readonly dependents: readonly ProjectionDependent[] }
  /** Somebody held what it needs for too long. */
  | { readonly why: "busy"; readonly cause: unknown };

export type SwapOutcome = { readonly why: "served" } | SwapRefusal;

/** 55P03 a lock, 57014 the time, 40P01 a deadlock, 40001; 42P07 and 23505: another process creates the same index. */
const passing = new Set(["55P03", "57014", "40P01", "40001", "42P07", "23505"]);

/** No statement waits for longer, neither while readers wait for the view nor while appends wait for the gate. */
const lockMs = 100;

/**
 * How long the server lets the transaction sit idle. A process that stands still would hold up for as long who waits for it: of an inline one
 * appends of old code, which note in the registry that they left it behind; of an async one its followers; and the next process that swaps, which
 * waits for its snapshot. The server ends its session instead, which rolls back.
 */
const idleMs = { inline: 150, async: 1_000 } as const;

/**
 * Has a version of a projection serve instead of another, in one transaction: readers of the collection see the documents of one or of
 * the other. Each try takes little of anybody's time; where it finds somebody in its way, it leaves everything as it was.
 *
 * The view changes first, and then, of an inline projection, the gate closes: appends wait for no reader. What is left to do behind the gate
 * are the rows of the registry. All of that and COMMIT are one message, so that readers and appends never wait for this process.
 *
 * A reader whose snapshot is older than the new version would find its table incomplete, so that transactions that were open when it was first
 * found ready have to end before. Keep one object for one version: it remembers them.
 */
export class Swap {
  readonly #context: Pick<WorkerContext, "database" | "schema" | "logger">;
  readonly #target: SwapTarget;
  readonly #carryOver: CarryOver;
  readonly #heldBack: HeldBack;
  #snapshots: { readonly since: string; readonly open: ReadonlySet<string> } | undefined;
  readonly #ready: Statement;
  /** What is sent with COMMIT. */
  readonly #swap: string;
  readonly #openSnapshots: Statement;

  constructor(context: Pick<WorkerContext, "database" | "schema" | "logger">, target: SwapTarget) {
    this.#context = context;
    this.#target = target;
    this.#carryOver = new CarryOver(context, target);
    this.#heldBack = new HeldBack(context.schema, target);
    const named = (name: string, text: string): Statement => ({ name: `tidemark_${name}`, text });
    const { schema } = context;
    this.#ready = named(
      "ready_to_swap",
      `select r.verdict, r.detail::text as detail, r.serving::text as serving, r.since from ${functionName(schema, "ready_to_swap")}($1, $2) as r`,
    );
    const { name, version, collection } = target;
    this.#swap = [
      `set local lock_timeout = '${lockMs}ms'`,
      ...(collection === undefined ? [] : [liveSql(schema, { collection, version })]),
      `set local statement_timeout = '${2 * lockMs}ms'`,
      `select ${functionName(schema, "swap_projection")}(${quoteLiteral(name)}, ${version})`,
    ].join(";\n");
    this.#openSnapshots = named("open_snapshots", `select o.virtualtransaction, o.holder from ${functionName(schema, "open_snapshots")}() as o`);
  }

  /**
   * One try.
   *
   * @param dependents - Whether to go on where something hangs on the table of the version that serves now.
   * @param signal - Ends the creation of indexes, which may wait for others.
   * @throws What PostgreSQL refuses for good, or the definition's hook throws: nothing has changed then.
   */
  async attempt(dependents: "refuse" | "keep", signal?: AbortSignal): Promise<SwapOutcome> {
    const { database } = this.#context;
    try {
      const found = await this.#look(database);
      if (found.refusal && !(await this.#isAlmostThere(found))) return found.refusal;
      const holders = await this.#olderSnapshots(found.since);
      if (holders.length > 0) return { why: "snapshots", holders };
      const hanging = await this.#carryOver.prepare(found.serving, signal);
      if (hanging.length > 0 && dependents === "refuse") return { why: "dependents", dependents: hanging };
      if (this.#target.mode === "inline" && !(await gateIsIdle(database, this.#context.schema)))
        return { why: "busy", cause: new Error("a transaction holds the gate of appends for long") };
      let last = "";
      return await database.transaction(
        async (session) => {
          const refusal = await this.#prepare(session, found);
          if (refusal) return refusal;
          last = this.#swap;
          return { why: "served" };
        },
        { idleTimeoutMs: idleMs[this.#target.mode], withCommit: () => last },
      );
    } catch (error) {
      signal?.throwIfAborted();
      if (wasCutOff(error) || (isTidemarkError(error, "DATABASE") && passing.has(error.sqlState))) return { why: "busy", cause: error };
      throw error;
    }
  }

  /** Whether it could serve now; `undefined`: but for readers and other things in the way. */
  async refusal(): Promise<SwapOutcome | undefined> {
    return (await this.#look(this.#context.database)).refusal;
  }

  /** Does in the transaction what is to be done before the swap itself; returns why it cannot be now. */
  async #prepare(session: Session, found: Found): Promise<SwapOutcome | undefined> {
    const { version, collection, mode, hook } = this.#target;
    await session.execute(`set local jit = off; set local lock_timeout = '${lockMs}ms'`);
    // Before any row, which a handler in flight may wait for at its end.
    if (found.refusal) await this.#heldBack.wait(session, found.serving);
    if (mode === "async" && collection === undefined) await this.#heldBack.hold(session, found.serving, version);
    const now = await this.#look(session);
    if (now.refusal) return now.refusal;
    // Meanwhile it was left behind and brought up to date again, or another version came to serve.
    if (now.since !== found.since || now.serving !== found.serving) return { why: "busy", cause: new Error("the projection changed meanwhile") };
    if (hook) {
      // It may take its time, as any handler.
      await session.execute("set local idle_in_transaction_session_timeout = '60s'");
      await hook(session);
      await session.execute(`set local idle_in_transaction_session_timeout = '${idleMs[mode]}ms'`);
    }
    await this.#carryOver.grant(session);
    return undefined;
  }

  /**
   * Two followers go on beside each other, so that of an async version it is chance whether it is as far as the one that serves. Where it is
   * not far from it, that one is held back until it is. Not in an embedded database, which does nothing else during a transaction.
   */
  async #isAlmostThere({ refusal, serving }: Found): Promise<boolean> {
    const { database } = this.#context;
    if (refusal?.why !== "behind" || this.#target.mode !== "async" || database.driver !== "pg") return false;
    return await this.#heldBack.isClose(database, serving);
  }

  async #look(queryable: Pick<Session, "query">): Promise<Found> {
    const { name, version } = this.#target;
    const [row] = await queryable.query(this.#ready, [name, version]);
    const detail: unknown = JSON.parse(row?.["detail"] ?? "null");
    const refusal = refusalOf(row?.["verdict"] ?? "unknown", detail);
    const serving = row?.["serving"];
    return { refusal, since: row?.["since"] ?? "", serving: serving == null ? undefined : Number(serving) };
  }

  /** Who may still read with a snapshot from before the version was ready. */
  async #olderSnapshots(since: string): Promise<readonly string[]> {
    const rows = await this.#context.database.query(this.#openSnapshots, []);
    if (this.#snapshots?.since !== since) this.#snapshots = { since, open: new Set(rows.map((row) => row["virtualtransaction"] ?? "")) };
    const { open } = this.#snapshots;
    const still = rows.filter((row) => open.has(row["virtualtransaction"] ?? ""));
    this.#snapshots = { since, open: new Set(still.map((row) => row["virtualtransaction"] ?? "")) };
    return still.map((row) => row["holder"] ?? "");
  }
}

interface Found {
  readonly refusal: SwapOutcome | undefined;
  readonly since: string;
  /** The version that serves now. */
  readonly serving: number | undefined;
}

function refusalOf(verdict: string, detail: unknown): SwapOutcome | undefined {
  switch (verdict) {
    case "ready":
      return undefined;
    case "serving":
      return { why: "served" };
    case "building":
      return { why: "building" };
    case "inactive":
      return { why: "inactive", state: String(detail) };
    case "failed":
      return { why: "failed", error: detail };
    case "behind":
      return { why: "behind", tenants: Array.isArray(detail) ? detail.map(String) : [] };
    default:
      return { why: "unknown" };
  }
}
