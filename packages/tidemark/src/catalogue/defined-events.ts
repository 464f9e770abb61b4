import type { Definitions } from "./check-definitions.ts";
import type { EventShape, RetiredShape } from "./event-shape.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { refuseCircles } from "./refuse-circles.ts";
import { StoredTypes } from "./stored-types.ts";

/** A catalogue, checked. Holds copies: what the caller changes in the definitions later has no effect. */
export class DefinedEvents {
  readonly types: readonly string[];
  /** A Map, because a type may be named `constructor` or `__proto__`. */
  readonly shapes: ReadonlyMap<string, EventShape>;
  readonly retired: ReadonlyMap<string, RetiredShape>;
  readonly storedTypes: StoredTypes;
  readonly fingerprint: string;

  /** @param checked - What `checkDefinitions` made of the definitions. */
  constructor({ shapes, retired }: Definitions) {
    refuseCircles(shapes, retired);
    this.shapes = shapes;
    this.retired = retired;
    this.types = Object.freeze([...shapes.keys()]);
    this.storedTypes = new StoredTypes(shapes, retired);
    this.fingerprint = fingerprintOf(shapes, retired);
  }
}
