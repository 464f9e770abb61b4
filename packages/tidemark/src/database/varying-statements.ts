/** Statements whose text follows what callers ask, on one connection: the server keeps what it prepares, a megabyte for some. */
const mostOnConnection = 32;
/** A text that was sent less often may never come again. */
const worthPreparing = 3;
/** Texts that are counted; a program with more makes filters up. */
const mostCounted = 1_000;

/**
 * Which of the statements with a varying text are prepared: those that come again, and as many on each connection as its backend
 * can keep in little memory. The others are planned at each call.
 */
export class VaryingStatements {
  readonly #sent = new Map<string, number>();
  readonly #prepared = new WeakMap<object, Set<string>>();

  /** Whether the statement of this name is to be prepared on this connection. Counts it. */
  prepares(name: string, connection: object): boolean {
    const prepared = this.#prepared.get(connection) ?? new Set();
    if (prepared.has(name)) return true;
    if (prepared.size >= mostOnConnection || this.#count(name) < worthPreparing) return false;
    prepared.add(name);
    this.#prepared.set(connection, prepared);
    return true;
  }

  /** The last to be sent stands last, and the first is forgotten. */
  #count(name: string): number {
    const count = (this.#sent.get(name) ?? 0) + 1;
    this.#sent.delete(name);
    this.#sent.set(name, count);
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > mostCounted && oldest !== undefined) this.#sent.delete(oldest);
    return count;
  }
}
