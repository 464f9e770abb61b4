/**
 * Whether a function that must be synchronous returned a promise. It is not awaited then: what it fails with is dropped, or it would end
 * the process.
 */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== "object" || value === null || !("then" in value) || typeof value.then !== "function") return false;
  if (value instanceof Promise) value.catch(() => {});
  return true;
}
