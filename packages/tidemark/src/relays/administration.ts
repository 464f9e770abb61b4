import { describeValue } from "../arguments/describe-value.ts";
import { checkRelayName } from "../arguments/names.ts";
import { didYouMean } from "../arguments/suggest.ts";
import type { PauseOptions, ResetOptions } from "../consumers/administration.ts";
import { consumerInfo, infoStatement } from "../consumers/consumer-info-statement.ts";
import type { ConsumerInfo } from "../consumers/consumer-info.ts";
import { FollowerChanges } from "../consumers/follower-changes.ts";
import { followerNotFound } from "../consumers/not-found.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { FollowedLog } from "../feed/followed-log.ts";
import type { AdministrationScope } from "../runtime/administration-scope.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import { DefinedRelay } from "./defined-relay.ts";
import type { Relay } from "./relay.ts";
import { followerOf } from "./relay-follower.ts";
import { replay, type ReplayOptions, type ReplayReport } from "./replay.ts";

/**
 * A relay as the database has it: as a consumer, with its dead letters counted.
 *
 * @example
 * ```ts
 * export function holds({ state, lag }: RelayInfo): boolean {
 *   return state === "retrying" && lag.events > 0;
 * }
 * ```
 */
export type RelayInfo = ConsumerInfo;

/**
 * The relays that a store knows. Each call with a name rejects with `NotFoundError` if no relay has that name. Workers of this process
 * apply a change at once, others at their next heartbeat, at most a third of a lease later.
 *
 * @example
 * ```ts
 * const relays: Relays = store.relays;
 * console.debug((await relays.list()).map(({ name, state, lag }) => [name, state, lag.events]));
 * ```
 */
export interface Relays {
  /** Lists all relays of this tenant, by name. */
  list(): Promise<readonly RelayInfo[]>;
  get(name: string): Promise<RelayInfo>;
  /** Pauses it until `resume`, also across restarts. Messages that were sent are still acknowledged; no other is sent. */
  pause(name: string, options?: PauseOptions): Promise<void>;
  /** Ends a pause. */
  resume(name: string): Promise<void>;
  /**
   * Moves it to another position: it continues with the event after it, and publishes again what comes after. Its dead letters after that
   * position are removed.
   *
   * @param options - `after`: exclusive; 0 is the beginning, `"end"` the high-water mark.
   */
  reset(name: string, options: ResetOptions): Promise<void>;
  /**
   * Publishes a part of the log once more, from this process, while the relay goes on beside it: its checkpoint stays. Messages carry the
   * header `tidemark-replay: true` and no fence. They are in order for each key among themselves; a newer message of the relay can stand
   * before them. While the sink is unavailable it waits, until the store closes.
   *
   * @param relay - The relay, or the name of one that a worker of this store was created with.
   * @throws {@link StoreClosedError} — the store was closed meanwhile.
   */
  replay(relay: Relay | string, options?: ReplayOptions): Promise<ReplayReport>;
}

export interface RelaysScope extends AdministrationScope {
  /** Those that workers of this store were created with. */
  readonly definitions: () => Iterable<DefinedRelay>;
  readonly store: EventReaderWriter;
  /** The messages of the outbox, as a log. */
  readonly outbox: FollowedLog;
}

export class StoreRelays implements Relays {
  readonly #scope: RelaysScope;
  readonly #changes: FollowerChanges;

  static {
    keepCallers(this);
  }

  constructor(scope: RelaysScope) {
    this.#scope = scope;
    this.#changes = new FollowerChanges(scope, { follower: followerOf, notFound: (name) => followerNotFound(scope.context, scope.tenant, "relay", name) });
  }

  async list(): Promise<readonly RelayInfo[]> {
    const { database, schema } = this.#scope.context;
    const rows = await database.query(infoStatement(schema, "list_relays", "c.kind = 'relay'"), [this.#scope.tenant]);
    return rows.map((row) => consumerInfo(row["consumer"] ?? "{}"));
  }

  async get(name: string): Promise<RelayInfo> {
    const checked = checkRelayName(name, "name");
    const { database, schema } = this.#scope.context;
    const [row] = await database.query(infoStatement(schema, "get_relay", "c.name = $2"), [this.#scope.tenant, followerOf(checked)]);
    if (!row) throw await followerNotFound(this.#scope.context, this.#scope.tenant, "relay", checked);
    return consumerInfo(row["consumer"] ?? "{}");
  }

  async pause(name: string, options?: PauseOptions): Promise<void> {
    await this.#changes.pause(checkRelayName(name, "name"), options);
  }

  async resume(name: string): Promise<void> {
    await this.#changes.resume(checkRelayName(name, "name"));
  }

  async reset(name: string, options: ResetOptions): Promise<void> {
    await this.#changes.reset(checkRelayName(name, "name"), options);
  }

  async replay(relay: Relay | string, options?: ReplayOptions): Promise<ReplayReport> {
    const { store, context, tenant, outbox } = this.#scope;
    return await replay({ relay: this.#defined(relay), context: { ...context, outbox }, tenant, store, closing: context.feed.closing }, options);
  }

  #defined(relay: Relay | string): DefinedRelay {
    if (relay instanceof DefinedRelay) return relay;
    if (typeof relay !== "string") throw new InvalidArgumentError("relay", `must be what defineRelay returns, or a name, not ${describeValue(relay)}`);
    const name = checkRelayName(relay, "relay");
    const known = [...this.#scope.definitions()];
    const found = known.findLast((one) => one.name === name);
    if (found) return found;
    const names = known.map((one) => one.name);
    throw new InvalidArgumentError(
      "relay",
      `is ${JSON.stringify(name)}, which no worker of this store was created with${didYouMean(name, names) || "; pass what defineRelay returned"}`,
    );
  }
}
