import type { EventCodec, StoredShape } from "../catalogue/event-codec.ts";
import type { NewEvent } from "../model/event.ts";

type Encode = NonNullable<EventCodec["encode"]>;

/** Under which an event carries its stored form. Copies of the event have it, too: metadata and ids are added by spreading. */
const shapeKey = Symbol("stored form");

/** What a codec made of an event's data. */
interface KnownShape {
  readonly encode: Encode;
  readonly type: string;
  readonly data: unknown;
  readonly shape: StoredShape;
}

/** The event with the stored form of its data, so that an append need not ask the catalogue again: it might answer otherwise. */
export function withShape(event: NewEvent, encode: Encode, shape: StoredShape): NewEvent {
  const known: KnownShape = { encode, type: event.type, data: event.data, shape };
  return Object.assign({ ...event }, { [shapeKey]: known });
}

/** The stored form that the event carries. Undefined: another codec made it, or of other data than the event has now. */
export function shapeOf(event: unknown, { encode, type, data }: Omit<KnownShape, "shape">): StoredShape | undefined {
  if (typeof event !== "object" || event === null || !(shapeKey in event)) return undefined;
  const known = event[shapeKey];
  return isKnown(known) && known.encode === encode && known.type === type && known.data === data ? known.shape : undefined;
}

/** Nothing else can have written under a symbol of this module. */
function isKnown(value: unknown): value is KnownShape {
  return typeof value === "object" && value !== null;
}
