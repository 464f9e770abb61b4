import type { EncodedAppend } from "./encoded.ts";

/**
 * What an append claims while it is in flight: see `take_claims.sql`. By names, where the database hashes them: what shares
 * a hash and nothing else may stand in one batch.
 */
export interface Claims {
  readonly shared: readonly string[];
  /** Of a condition. */
  readonly exclusive: readonly string[];
}

export function claimsOf({ parts, condition }: EncodedAppend): Claims {
  const tenant = parts[0]?.tenant ?? "";
  const typeClaim = (type: string): string => `${tenant}\x00type\x00${type}`;
  const tagClaim = (tag: string): string => `${tenant}\x00tag\x00${tag}`;
  const shared = new Set<string>();
  for (const { events } of parts) {
    for (const { type, tags } of events) {
      shared.add(tenant);
      shared.add(typeClaim(type));
      if (tags !== "") for (const tag of tags.split("\x1f")) shared.add(tagClaim(tag));
    }
  }
  const exclusive = new Set<string>();
  for (const { types, tags } of condition?.items ?? []) {
    if (tags !== "") exclusive.add(tagClaim(tags.split("\x1f", 1)[0] ?? ""));
    else if (types !== "") for (const type of types.split("\x1f")) exclusive.add(typeClaim(type));
    else exclusive.add(tenant);
  }
  return { shared: [...shared], exclusive: [...exclusive] };
}

/** Claims that are taken. Those of several appends, counted, so that they can be given back one by one. */
export class ClaimLedger {
  readonly #shared = new Map<string, number>();
  readonly #exclusive = new Map<string, number>();

  add({ shared, exclusive }: Claims): void {
    for (const name of shared) this.#shared.set(name, (this.#shared.get(name) ?? 0) + 1);
    for (const name of exclusive) this.#exclusive.set(name, (this.#exclusive.get(name) ?? 0) + 1);
  }

  remove({ shared, exclusive }: Claims): void {
    for (const name of shared) discount(this.#shared, name);
    for (const name of exclusive) discount(this.#exclusive, name);
  }

  clear(): void {
    this.#shared.clear();
    this.#exclusive.clear();
  }

  /** Whether others have taken what these would need alone, or have taken alone what these would need. */
  meets({ shared, exclusive }: Claims): boolean {
    if (exclusive.some((name) => this.#exclusive.has(name) || this.#shared.has(name))) return true;
    return this.#exclusive.size > 0 && shared.some((name) => this.#exclusive.has(name));
  }
}

function discount(counts: Map<string, number>, name: string): void {
  const left = (counts.get(name) ?? 0) - 1;
  if (left > 0) counts.set(name, left);
  else counts.delete(name);
}
