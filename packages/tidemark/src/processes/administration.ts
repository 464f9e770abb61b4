import { checkBoolean, checkSignal, oneOf, wholeNumber } from "../arguments/checks.ts";
import { checkInstanceId, checkProcessName } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import type { TextRow, Value } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import { NotFoundError } from "../errors/following.ts";
import type { CallOptions } from "../model/calls.ts";
import type { AdministrationScope } from "../runtime/administration-scope.ts";
import type { TimerParts } from "../timers/timer-parts.ts";
import { administrationStatements, type AdministrationStatements } from "./administration-statements.ts";
import type { ProcessDetails, ProcessInfo, ProcessStatus, ProcessVersionInfo } from "./process-info.ts";
import { processCommand, processInfo, processInput, processVersion } from "./process-rows.ts";

/**
 * Selects instances for `processes.list`.
 *
 * @example
 * ```ts
 * const query: ProcessQuery = { name: "checkout", status: "parked", limit: 10 };
 * ```
 */
export interface ProcessQuery {
  /** The process's. @defaultValue all of them */
  readonly name?: string;
  readonly status?: ProcessStatus;
  /** The version of the process that runs them. @defaultValue all of them */
  readonly version?: number;
  /** Only instances after this `number`. */
  readonly after?: number;
  /** At most so many, 1–10,000. @defaultValue 100 */
  readonly limit?: number;
  /** Ends the call, and cancels its query on the server. It then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/**
 * Options of `processes.get`.
 *
 * @example
 * ```ts
 * const options: GetProcessOptions = { limit: 50 };
 * ```
 */
export interface GetProcessOptions {
  /** The most inputs, and the most commands: the latest ones. 1–10,000. @defaultValue 1,000 */
  readonly limit?: number;
  /** Whether to give the inputs' events as they are stored. @defaultValue false */
  readonly raw?: boolean;
  /** Ends the call, and cancels its queries on the server. It then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/**
 * The instances of processes. Each call with a name and an id rejects with `NotFoundError` if there is no such instance. Workers of this
 * process apply a change at once, others at their next heartbeat, at most a third of a lease later.
 *
 * @example
 * ```ts
 * const processes: Processes = store.processes;
 * for (const { name, id } of await processes.list({ status: "parked" })) await processes.retry(name, id);
 * ```
 */
export interface Processes {
  /** Lists instances of this tenant in the order in which they began. */
  list(query?: ProcessQuery): Promise<readonly ProcessInfo[]>;
  /**
   * Lists the versions of a process, or of every process, that workers of this tenant have run: which one starts new instances, and which
   * ones are still needed. Counts every instance that runs.
   *
   * @param options.signal - Ends the call, and cancels its query on the server.
   */
  versions(name?: string, options?: CallOptions): Promise<readonly ProcessVersionInfo[]>;
  /** Returns an instance with its state, its inputs, its commands and its timers. */
  get(name: string, id: string, options?: GetProcessOptions): Promise<ProcessDetails>;
  /**
   * Lets a parked instance go on: its worker handles the input that failed and those behind it, or issues the command that failed and
   * those behind it, with all attempts. A command that waits for its next try is tried at once. Otherwise nothing changes.
   */
  retry(name: string, id: string): Promise<void>;
  /**
   * Ends an instance: cancels its timers and its commands in one transaction. Later inputs are late ones. No command of it is decided any
   * more, but for one whose `decide` a worker has begun or is about to call: that is carried out, and `get` shows it as `"done"`. Of an
   * instance that has ended, it cancels the commands that are left.
   */
  cancel(name: string, id: string): Promise<void>;
}

const listShape = {
  name: checkProcessName,
  status: oneOf("running", "completed", "cancelled", "parked"),
  version: wholeNumber(1, 2_147_483_647),
  after: wholeNumber(0),
  limit: wholeNumber(1, 10_000),
  signal: checkSignal,
};

export class StoreProcesses implements Processes {
  readonly #scope: AdministrationScope;
  readonly #timers: TimerParts;
  readonly #statements: AdministrationStatements;

  static {
    keepCallers(this);
  }

  constructor(scope: AdministrationScope, timers: TimerParts) {
    this.#scope = scope;
    this.#timers = timers;
    this.#statements = administrationStatements(scope.context.schema);
  }

  async list(query?: ProcessQuery): Promise<readonly ProcessInfo[]> {
    const { name = null, status, version = null, after = 0, limit = 100, signal } = checkOptions(query, listShape, "query");
    const statement = this.#statements.list(name !== null, status);
    const rows = await this.#scope.context.database.query(statement, [this.#scope.tenant, name, after, limit, version], { signal });
    return rows.map(processInfo);
  }

  async versions(name?: string, options?: CallOptions): Promise<readonly ProcessVersionInfo[]> {
    const process = name === undefined ? null : checkProcessName(name, "name");
    const { signal } = checkOptions(options, { signal: checkSignal });
    const rows = await this.#scope.context.database.query(this.#statements.versions, [this.#scope.tenant, process], { signal });
    return rows.map(processVersion);
  }

  async get(name: string, id: string, options?: GetProcessOptions): Promise<ProcessDetails> {
    const { limit = 1_000, raw, signal } = checkOptions(options, { limit: wholeNumber(1, 10_000), raw: checkBoolean, signal: checkSignal });
    const { database, codec } = this.#scope.context;
    const decoder = codec.decoder({ raw, skipNothing: true });
    const row = await this.#find(name, id, signal);
    const info = processInfo(row);
    const [inputs, commands, timers] = await Promise.all([
      database.query(this.#statements.inputs, [info.number, limit], { signal }),
      database.query(this.#statements.commands, [info.number, limit], { signal }),
      this.#timers.writes.of(database, this.#scope.tenant, [info.number], { signal }),
    ]);
    const state: unknown = JSON.parse(row["state"] ?? "null");
    return {
      ...info,
      state,
      inputs: inputs.map((input) => processInput(input, info.handledCount, decoder)),
      commands: commands.map(processCommand),
      timers: timers.map(({ key, dueAt }) => ({ key, dueAt })),
    };
  }

  retry(name: string, id: string): Promise<void> {
    return this.#change(name, id, async (query, owner) => {
      await query("retryInstance", [owner]);
      await query("retryCommands", [owner]);
    });
  }

  cancel(name: string, id: string): Promise<void> {
    return this.#change(name, id, async (query, owner, cancelTimers) => {
      await query("cancelInstance", [owner]);
      await query("cancelCommands", [owner]);
      await cancelTimers();
    });
  }

  /** Changes an instance and what belongs to it in one transaction: the instance first, whose lock keeps its worker from writing more. */
  async #change(
    name: string,
    id: string,
    change: (
      query: (what: "retryInstance" | "retryCommands" | "cancelInstance" | "cancelCommands", values: readonly Value[]) => Promise<unknown>,
      owner: number,
      cancelTimers: () => Promise<unknown>,
    ) => Promise<void>,
  ): Promise<void> {
    const { tenant, context } = this.#scope;
    const owner = toSafeInteger((await this.#find(name, id))["id"]);
    await context.database.transaction((session) =>
      change(
        (what, values) => session.query(this.#statements[what], values),
        owner,
        () => this.#timers.writes.cancel(session, tenant, [{ owner, keys: "all" }]),
      ),
    );
    await this.#scope.changed();
  }

  async #find(name: string, id: string, signal?: AbortSignal): Promise<TextRow> {
    const { tenant, context } = this.#scope;
    const [process, instance] = [checkProcessName(name, "name"), checkInstanceId(id, "id")];
    const [row] = await context.database.query(this.#statements.find, [tenant, process, instance], { signal });
    if (!row)
      throw new NotFoundError("instance of a process", `${process} ${instance}`, "It has had no input yet; store.processes.list() names those that had.");
    return row;
  }
}
