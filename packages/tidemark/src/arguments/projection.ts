/** A read model that the store keeps up to date; returned by `documentProjection` and `defineProjection`. */
export interface Projection {
  readonly name: string;
  readonly version: number;
  readonly mode: "inline" | "async";
}
