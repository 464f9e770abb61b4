/** Shared by every copy of the package in a process, so that `isTidemarkError` recognises all of them. */
export const brand: unique symbol = Symbol.for("tidemark.error");

export interface Origin {
  readonly cause?: unknown;
}

/**
 * The base class of every error of the library. `code` is stable and follows semantic versioning; messages do not.
 *
 * @example
 * ```ts
 * if (error instanceof TidemarkError && error.retryable) console.error(`${error.code}: try again`);
 * ```
 */
export class TidemarkError extends Error {
  readonly code: string;
  /** Whether the same call can succeed later without other changes. */
  readonly retryable: boolean;

  constructor(code: string, message: string, { retryable = false, ...origin }: Origin & { readonly retryable?: boolean } = {}) {
    super(message, "cause" in origin ? { cause: origin.cause } : undefined);
    this.code = code;
    this.retryable = retryable;
  }
  static {
    Object.defineProperty(this.prototype, brand, { value: true });
  }
}

/** The text with one full stop: what others wrote may bring its own. */
export function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** Names that survive minifiers, and on the prototype, where an inspected error does not show them twice. */
export function nameErrors(classes: Readonly<Record<string, { readonly prototype: Error }>>): void {
  for (const [name, errorClass] of Object.entries(classes)) errorClass.prototype.name = name;
}

nameErrors({ TidemarkError });
