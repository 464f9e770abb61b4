/**
 * Which store an operation is of. All messages of one store hold the same object, whichever tenant's view they are of.
 *
 * @example
 * ```ts
 * const where = ({ host, database, schema }: TracedStore): string => `${host ?? "embedded"}/${database ?? ""}|${schema}`;
 * ```
 */
export interface TracedStore {
  /** The PostgreSQL schema. */
  readonly schema: string;
  readonly driver: "pg" | "pglite";
  /** Undefined where neither the URL nor the pool tells. */
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
}

/** Where an operation takes place. */
export interface TracedPlace {
  readonly store: TracedStore;
  readonly tenant: string;
}

const tracedPlaces = new WeakMap<object, TracedPlace>();

/** Operations on this store, or on this transaction of it, are of this place. */
export function giveTracedPlace(store: object, place: TracedPlace): void {
  tracedPlaces.set(store, place);
}

/** Undefined: it is no store of ours. What is done with it is not traced. */
export function tracedPlaceOf(store: object): TracedPlace | undefined {
  return tracedPlaces.get(store);
}
