import { describeValue } from "../../arguments/describe-value.ts";
import { checkFunction, checkSignal, oneOf, wholeNumber } from "../../arguments/checks.ts";
import { checkOptions, type Shape } from "../../arguments/options.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";

/**
 * How far a verification is.
 *
 * @example
 * ```ts
 * const show = ({ events, fraction }: VerifyProgress): void => console.log(`${events} events, ${Math.floor(fraction * 100)} %`);
 * ```
 */
export interface VerifyProgress {
  /** The events that were verified so far. */
  readonly events: number;
  /** The last of them: pass it as `from` to go on after an interruption. */
  readonly position: number;
  /** From 0 to 1, of the log; documents come after it. */
  readonly fraction: number;
}

/**
 * Options of `verify`.
 *
 * @example
 * ```ts
 * const options: VerifyOptions = { from: 1_000_000, documents: 0, signal: AbortSignal.timeout(60_000) };
 * ```
 */
export interface VerifyOptions {
  /** Verify the events after this position. @defaultValue 0 */
  readonly from?: number;
  /** The last position to verify. @defaultValue the high-water mark */
  readonly until?: number;
  /**
   * The digest that an earlier verification of the same part reported. Another one is a problem: hashes alone do not tell that the last events of a
   * stream were removed, or that somebody wrote all hashes anew. Needs `until`.
   */
  readonly digest?: string;
  /** How many documents of each projection that this store was opened with to compare with a fresh fold, about; 0: none. @defaultValue 1,000 */
  readonly documents?: number;
  /**
   * `"own"`: events of this tenant. `"all"`: of all tenants. The documents are those that `projections.check` of this store or view compares.
   * @defaultValue `"all"` of the store itself, `"own"` of a tenant's view
   */
  readonly tenants?: "own" | "all";
  /** Called after each page. What it throws ends the verification. */
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** Ends the verification. It rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const shape = {
  from: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  until: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  digest: checkDigest,
  documents: wholeNumber(0, 1_000_000),
  tenants: oneOf("own", "all"),
  onProgress: checkFunction<(progress: VerifyProgress) => void>,
  signal: checkSignal,
} satisfies Shape;

function checkDigest(value: unknown, path: string): string {
  if (typeof value === "string" && /^[0-9a-f]{64}$/.test(value)) return value;
  throw new InvalidArgumentError(path, `must be 64 hexadecimal digits in lower case, not ${describeValue(value)}`);
}

/** @throws {@link InvalidArgumentError} */
export function checkVerifyOptions(options: VerifyOptions | undefined): VerifyOptions {
  const checked = checkOptions(options, shape);
  const { from = 0, until, digest } = checked;
  if (digest !== undefined && until === undefined)
    throw new InvalidArgumentError("options.digest", "is of the events up to a position; give that too, as until, which the same report tells");
  if (until !== undefined && until < from) throw new InvalidArgumentError("options.until", `is ${until}; the verification begins after position ${from}`);
  return checked;
}
