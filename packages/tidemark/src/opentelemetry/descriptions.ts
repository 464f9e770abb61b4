import type { Attributes } from "@opentelemetry/api";
import type { Appending, Following } from "../tracing/messages.ts";
import { db, messaging, tidemark } from "./attributes.ts";
import type { Categories } from "./categories.ts";
import { Kept } from "./kept.ts";
import type { Described, Measured } from "./span-plan.ts";

/** Attributes of one store. */
export interface StoreAttributes {
  /** What every span has. */
  readonly common: Attributes;
  /** What every measurement has. */
  readonly measured: Attributes;
}

/** `append cart`, or `append` where there is no category. */
export function named(verb: string, what: string | undefined): string {
  return what === undefined ? verb : `${verb} ${what}`;
}

/** More than what is kept: of this operation alone. */
export function withMore(kept: Described, more: Attributes): Described {
  return { ...kept, attributes: { ...kept.attributes, ...more } };
}

/**
 * What operations are told as. There is one object for each operation, category and follower: made anew for each span, they would cost as much as the
 * rest of it.
 */
export class Descriptions {
  readonly schedule: (streamId: unknown) => Described;
  readonly #store: StoreAttributes;
  readonly #categories: Categories;
  readonly #appends: Readonly<Record<Appending["operation"], (streamId: unknown) => Described>>;
  readonly #received = new Kept<Measured>();
  readonly #asked = new Kept<Measured>();
  readonly #commanded = new Kept<Measured>();
  readonly #reads = new Kept<(streamId: unknown) => Described>();

  constructor(store: StoreAttributes, categories: Categories) {
    this.#store = store;
    this.#categories = categories;
    this.schedule = this.#sends("schedule");
    this.#appends = {
      appendToStream: this.#sends("append", "appendToStream"),
      appendToStreams: this.#sends("append", "appendToStreams"),
      append: this.#sends("append", "append"),
    };
  }

  /** Of an operation with nothing to keep. */
  of(name: string, own: Attributes, measured: Measured = { duration: undefined, attributes: {} }): Described {
    return { name, attributes: { ...this.#store.common, ...own }, measured };
  }

  append(call: Appending["operation"], streamId: unknown): Described {
    return this.#appends[call](streamId);
  }

  read(operation: string, streamId: unknown): Described {
    const reads = this.#reads.of(operation, () =>
      this.#categories.each((category) =>
        this.of(
          category === undefined ? operation : `read ${category}`,
          { [db.operation]: operation, [db.summary]: named("read", category) },
          this.askedBy(operation),
        ),
      ),
    );
    return reads(streamId);
  }

  /** How a query of the database is measured. */
  askedBy(operation: string): Measured {
    return this.#asked.of(operation, () => ({
      duration: "read",
      attributes: Object.freeze({ ...this.#store.measured, [db.system]: "postgresql", [db.operation]: operation }),
    }));
  }

  /** How a command is measured. */
  commandedBy(decider: string | undefined): Measured {
    return this.#commanded.of(decider ?? "", () => ({
      duration: "command",
      attributes: Object.freeze({ ...this.#store.measured, [tidemark.decider]: decider }),
    }));
  }

  /** How what a follower does is measured. */
  receivedBy(operation: "process" | "checkpoint", { kind, name, shard }: Following): Measured {
    return this.#received.of(`${operation} ${kind} ${shard} ${name}`, () => ({
      ...(operation === "process" ? { duration: "handle", counted: "consumed" } : { duration: "append" }),
      attributes: Object.freeze({
        ...this.#store.measured,
        [messaging.system]: "tidemark",
        [messaging.operation]: operation,
        [messaging.operationType]: operation === "process" ? "process" : "settle",
        [messaging.group]: name,
        [messaging.subscription]: name,
        [messaging.partition]: `${shard}`,
        [tidemark.kind]: kind,
      }),
    }));
  }

  #sends(operation: "append" | "schedule", call?: Appending["operation"]): (streamId: unknown) => Described {
    return this.#categories.each((category) => {
      const attributes: Attributes = Object.freeze({
        ...this.#store.measured,
        [messaging.system]: "tidemark",
        [messaging.operation]: operation,
        [messaging.operationType]: operation === "append" ? "send" : "create",
        ...(category !== undefined && { [messaging.destination]: category }),
      });
      const own = call === undefined ? attributes : { ...attributes, [db.operation]: call };
      return this.of(named(operation, category), own, { duration: "append", attributes, ...(operation === "append" && { counted: "sent" }) });
    });
  }
}
