/** A read model that the store keeps: what `documentProjection` and `defineProjection` return. */
export interface Projection {
  readonly name: string;
  readonly version: number;
  readonly mode: "inline" | "async";
}
