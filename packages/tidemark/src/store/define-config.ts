import type { Projection } from "../arguments/projection.ts";
import type { Consumer } from "../consumers/consumer.ts";
import type { Event, RecordedEvent } from "../model/event.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";
import type { Process } from "../processes/process.ts";
import type { Relay } from "../relays/relay.ts";

/**
 * What `tidemark.config.ts` says of an application, for the command `tidemark`.
 *
 * @example
 * ```ts
 * const config: TidemarkConfig = { schema: "shop", projections: [cartSummary] };
 * ```
 */
export interface TidemarkConfig {
  /**
   * The store's address: `postgres://…`, or `file:./folder`, from the folder of this file. `DATABASE_URL` and `--url` go before it.
   * @defaultValue none
   */
  readonly url?: string | undefined;
  /** The PostgreSQL schema that holds the store. `TIDEMARK_SCHEMA` and `--schema` go before it. @defaultValue "tidemark" */
  readonly schema?: string | undefined;
  /** The catalogue. Commands that print events give them in its shapes, and `tidemark events` takes it. @defaultValue events are given as they are stored */
  readonly events?: EventCatalogue<Event, Event> | undefined;
  /** The projections that the store is opened with, inline and async. `tidemark append` writes the inline ones, and a worker runs them. @defaultValue none */
  readonly projections?: readonly Projection[] | undefined;
  /**
   * By the category of streams, what `tidemark studio` shows their state by: `{ cart: cartDecider }`. Any decider fits, and so does any object with its
   * `initialState` and `evolve`. @defaultValue none
   */
  readonly deciders?: Readonly<Record<string, { readonly initialState: () => unknown; readonly evolve: (state: never, event: never) => unknown }>> | undefined;
  /**
   * Names what `tidemark studio` and `tidemark mcp` show of no event: `"data.email"`, `"metadata.actorId"`, `"data.items.*.price"`, or `"data"` for all of
   * it. If it throws, all data and metadata of the event are masked. @defaultValue nothing
   */
  readonly mask?: ((event: RecordedEvent) => readonly string[]) | undefined;
  /**
   * Names what they mask in what was made of events: the state of a stream, a document, the state of a process, or a command of one. `"email"`,
   * `"items.*.price"`, or `"*"` for all of it. @defaultValue nothing; all of it where `mask` is given
   */
  readonly maskDerived?:
    | ((derived: {
        readonly kind: "state" | "document" | "process-state" | "command";
        readonly name: string;
        readonly id: string;
        readonly value: unknown;
      }) => readonly string[])
    | undefined;
  /** The consumers that `tidemark worker` runs. @defaultValue none */
  readonly consumers?: readonly Consumer[] | undefined;
  /** The processes that `tidemark worker` runs. @defaultValue none */
  readonly processes?: readonly Process[] | undefined;
  /** The relays that `tidemark worker` and `tidemark relay` run. @defaultValue none */
  readonly relays?: readonly Relay[] | undefined;
}

/**
 * Returns the configuration as it is, with its types checked. Export it by default from `tidemark.config.ts`; the command finds that file
 * in the working directory or a folder above.
 *
 * @example
 * ```ts
 * // tidemark.config.ts: export default defineConfig({ … })
 * const config = defineConfig({ schema: "shop", projections: [cartSummary] });
 * ```
 */
export function defineConfig(config: TidemarkConfig): TidemarkConfig {
  return config;
}
