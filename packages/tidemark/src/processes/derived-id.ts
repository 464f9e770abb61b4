import { namedUuids } from "../arguments/named-uuid.ts";
import type { EventMetadata } from "../model/event.ts";

/** Of this library's own; a change would have what is pending now issued twice. */
const idOf = namedUuids("a2f0e7a8-1d1b-5c55-9d0e-7a1c9f4c2b30");

/** Where an effect comes from: the same wherever and however often it is issued. */
export interface EffectOrigin {
  readonly process: string;
  readonly instance: string;
  /** Its `causationId` is the id of the input: unlike its number, it does not come again where the instance is forgotten and begins anew. */
  readonly metadata: EventMetadata;
  /** The effect's place in what `react` returned; behind it the places in what `orElse` returned. */
  readonly path: readonly number[];
}

/** The id of a command; with `index`, of the event number `index` of an append. */
export function derivedId({ process, instance, metadata, path }: EffectOrigin, index?: number): string {
  return idOf(JSON.stringify([process, instance, metadata.causationId ?? null, path, index ?? null]));
}
