/**
 * A read model that the store keeps up to date; returned by `documentProjection` and `defineProjection`.
 *
 * @example
 * ```ts
 * const projections: readonly Projection[] = [cartSummary];
 * ```
 */
export interface Projection {
  readonly name: string;
  readonly version: number;
  readonly mode: "inline" | "async";
}
