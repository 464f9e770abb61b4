import { retry } from "../async/retry.ts";
import type { Gate } from "../append/gate.ts";
import type { InlineProjections } from "../append/inline.ts";
import { type EventCodec, plainEvents } from "../catalogue/event-codec.ts";
import type { Database, Queryable, Session, Statement } from "../database/database.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { UnknownProjectionError } from "../errors/projections.ts";
import type { Logger } from "../model/logger.ts";
import { type DefinedProjection, followerOf } from "./defined-projection.ts";
import { InlineTracing } from "./inline-tracing.ts";
import { LiveProjections } from "./live-projections.ts";
import type { CreateProjectionTransaction } from "./projection.ts";
import type { TracedStore } from "../tracing/traced-store.ts";
import { readRegistry, type RegisteredProjection, changeProjectionStatement, registryStatement } from "./registry.ts";

export interface GateOptions {
  readonly database: Database;
  readonly schema: string;
  /** Those that the store was opened with. */
  readonly projections: readonly DefinedProjection[];
  readonly unknownProjections: "warn" | "error";
  readonly logger: Logger;
  readonly createTransaction: CreateProjectionTransaction;
  /** @defaultValue plainEvents */
  readonly codec?: EventCodec;
  /** For tracing. @defaultValue nothing is traced */
  readonly traced?: TracedStore;
  /** A projection of this store's was left behind: its follower should look. Must not throw. */
  readonly onBehind?: () => void;
}

/** How long marking a projection as behind is retried, while a transaction that wrote it stays open. */
const patienceMs = 30_000;

/**
 * The registry of projections, as the appends of this process know it: which inline projections they write, and that they leave
 * none behind in silence that others made live.
 */
export class ProjectionGate implements Gate {
  readonly #options: GateOptions;
  readonly #known: ReadonlyMap<string, DefinedProjection>;
  /** Of another version of these, older or newer code takes care. */
  readonly #names: ReadonlySet<string>;
  readonly #read: Statement;
  readonly #change: Statement;
  readonly #warned = new Set<string>();
  epoch = 0;
  inline: InlineProjections | undefined;
  /** The followers of the projections in `inline`. */
  written: ReadonlySet<string> = new Set();

  constructor(options: GateOptions) {
    this.#options = options;
    this.#known = new Map(options.projections.map((projection) => [followerOf(projection), projection]));
    this.#names = new Set(options.projections.map(({ name }) => name));
    this.#read = registryStatement(options.schema);
    this.#change = changeProjectionStatement(options.schema);
  }

  /** @throws {@link UnknownProjectionError} — an inline projection is live that this store was opened without. */
  async reload(within?: Session): Promise<void> {
    const { database, schema, unknownProjections, createTransaction, codec = plainEvents, traced } = this.#options;
    for (;;) {
      const { epoch, projections } = await readRegistry(within ?? database, this.#read);
      const live = projections.filter(({ mode, state }) => mode === "inline" && state === "live");
      const unknown = live.filter((projection) => !this.#known.has(followerOf(projection)));
      if (unknown.length === 0) {
        const own = live.flatMap((registered) => {
          const projection = this.#known.get(followerOf(registered));
          return projection ? [{ projection, serving: registered.serving }] : [];
        });
        this.inline = own.length > 0 ? new LiveProjections(schema, own, codec, { createTransaction, tracing: new InlineTracing(traced) }) : undefined;
        this.written = new Set(own.map(({ projection }) => followerOf(projection)));
        this.epoch = epoch;
        if (projections.some((projection) => projection.state === "behind" && this.#known.has(followerOf(projection)))) this.#options.onBehind?.();
        return;
      }
      const foreign = unknown.filter(({ name }) => !this.#names.has(name));
      if (unknownProjections === "error" && foreign.length > 0) throw new UnknownProjectionError([...new Set(foreign.map(({ name }) => name))]);
      // The transaction of the caller's must not hold the gate closed until it ends; an embedded database has no other.
      const beside = within && (database.driver === "pglite" ? within : database.side());
      for (const projection of unknown) await this.#leaveBehind(projection, beside ?? database);
    }
  }

  async #leaveBehind(projection: RegisteredProjection, queryable: Queryable): Promise<void> {
    const { name, version, serving } = projection;
    if (!serving && this.#names.has(name)) {
      this.#options.logger.debug(
        `tidemark: version ${version} of the inline projection ${JSON.stringify(name)} is marked behind: this store has another version of it, and another one serves.`,
      );
    } else if (!this.#warned.has(followerOf(projection))) {
      this.#warned.add(followerOf(projection));
      this.#options.logger.warn(
        `tidemark: appends have to write the inline projection ${JSON.stringify(name)} (version ${version}), which this store was opened without. It is marked behind before this one appends; a store that knows it brings it up to date in the background. Pass it to openEventStore (tidemark append: --projections <module>), or deactivate it with store.projections.deactivate.`,
      );
    }
    await retry(() => queryable.query(this.#change, [name, version, "behind", "live"]), {
      firstMs: 40,
      mostMs: 500,
      withinMs: patienceMs,
      // Another transaction writes it. The wait was short, so that appends do not queue behind this one for long.
      retryable: (error) => isTidemarkError(error, "DATABASE") && error.sqlState === "55P03",
    });
  }
}
