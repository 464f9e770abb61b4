import { ClaimLedger, type Claims } from "./claims.ts";

/**
 * The queue of a group append, without any I/O: what waits, and what may go out together.
 *
 * An entry names the streams it touches. Entries that share a stream keep their order; a stream is in at most one batch in
 * flight (or with one append that waits for it), so a second batch never waits for the first one's rows.
 *
 * An entry with a condition also keeps its order with all that share one of its claims, and goes with none of them, neither in
 * one batch nor beside it: within a batch the condition would not see them, and beside it one of both would be refused.
 */
export interface Queued {
  /** The streams this touches, each once. */
  readonly keys: readonly string[];
  /** The event ids that its caller gave. */
  readonly ids: readonly string[];
  readonly events: number;
  readonly bytes: number;
  /** Of its events, together. */
  readonly tags: number;
  readonly conditional: boolean;
  /** Asked for only while a conditional entry is about. */
  readonly claims: Claims;
}

export interface BatchLimits {
  readonly appends: number;
  /** See `take_claims.sql`. */
  readonly tags: number;
  readonly events: number;
  readonly bytes: number;
}

interface Place<E> {
  readonly entry: E;
  /** Rises with every `add`: what is put back goes where it was. */
  readonly order: number;
}

export class AppendQueue<E extends Queued> {
  #waiting: Place<E>[] = [];
  /** Streams of entries that were taken and not released, with their number. */
  readonly #busy = new Map<string, number>();
  /** Ids of entries that were taken and not released: a repetition in the same batch would not find them, and be told a conflict. */
  readonly #ids = new Set<string>();
  /** Streams of entries that an earlier look had to leave behind: no other entry may overtake them. */
  readonly #held = new Set<string>();
  /** Entries before this index were looked at since the last release: they cannot go. */
  #seen = 0;
  #events = 0;
  #order = 0;
  /** Entries with a condition that wait or were taken. While there are none, claims are not looked at. */
  #conditional = 0;
  /** Claims of entries that were taken and not released. */
  readonly #claimed = new ClaimLedger();
  /** Claims of entries that an earlier look had to leave behind. */
  readonly #heldClaims = new ClaimLedger();
  readonly #orders = new Map<E, number>();

  get length(): number {
    return this.#waiting.length;
  }

  /** Of all entries that wait. */
  get events(): number {
    return this.#events;
  }

  add(entry: E): void {
    this.#waiting.push({ entry, order: this.#order++ });
    this.#events += entry.events;
    if (entry.conditional && this.#conditional++ === 0) {
      for (const taken of this.#orders.keys()) this.#claimed.add(taken.claims);
      this.#lookAgain();
    }
  }

  /** Takes an entry out, as when its caller gave up. False when it is not waiting any more. */
  remove(entry: E): boolean {
    const index = this.#waiting.findIndex((place) => place.entry === entry);
    if (index === -1) return false;
    this.#waiting.splice(index, 1);
    this.#events -= entry.events;
    this.#forget(entry);
    this.#lookAgain();
    return true;
  }

  /** Every entry that waits, taken out for good. */
  clear(): E[] {
    const entries = this.#waiting.map((place) => place.entry);
    this.#waiting = [];
    this.#events = 0;
    for (const entry of entries) this.#forget(entry);
    this.#lookAgain();
    return entries;
  }

  /** The next batch, at least one entry unless none can go. Its streams are busy until `release` or `putBack`. */
  take(limits: BatchLimits): E[] {
    const taken = new Set<Place<E>>();
    const ours = new Set<string>();
    let events = 0;
    let bytes = 0;
    let tags = 0;
    let index = this.#seen;
    for (; index < this.#waiting.length; index++) {
      const place = this.#waiting[index];
      if (!place) break;
      const { entry } = place;
      if (this.#hasToWait(entry, ours)) {
        for (const key of entry.keys) this.#held.add(key);
        if (this.#conditional > 0) this.#heldClaims.add(entry.claims);
        continue;
      }
      const full = events + entry.events > limits.events || bytes + entry.bytes > limits.bytes || tags + entry.tags > limits.tags;
      if (taken.size === limits.appends || (taken.size > 0 && full)) break;
      taken.add(place);
      events += entry.events;
      bytes += entry.bytes;
      tags += entry.tags;
      if (this.#conditional > 0) this.#claimed.add(entry.claims);
      for (const id of entry.ids) this.#ids.add(id);
      for (const key of entry.keys) {
        ours.add(key);
        this.#busy.set(key, (this.#busy.get(key) ?? 0) + 1);
      }
      this.#orders.set(entry, place.order);
    }
    this.#events -= events;
    if (taken.size > 0) this.#waiting = this.#waiting.filter((place) => !taken.has(place));
    this.#seen = index - taken.size;
    return Array.from(taken, (place) => place.entry);
  }

  #hasToWait(entry: E, ours: ReadonlySet<string>): boolean {
    if (entry.ids.some((id) => this.#ids.has(id))) return true;
    if (entry.keys.some((key) => this.#held.has(key) || (this.#busy.has(key) && !ours.has(key)))) return true;
    return this.#conditional > 0 && (this.#claimed.meets(entry.claims) || this.#heldClaims.meets(entry.claims));
  }

  /** An entry that was taken is settled: its streams and claims are free for what waits. */
  release(entry: E): void {
    this.#free(entry);
    this.#forget(entry);
    this.#lookAgain();
  }

  /** Entries that were taken and could not go go back to where they were. */
  putBack(entries: readonly E[]): void {
    for (const entry of entries) {
      this.#waiting.push({ entry, order: this.#orders.get(entry) ?? this.#order++ });
      this.#events += entry.events;
      this.#free(entry);
    }
    this.#waiting.sort((a, b) => a.order - b.order);
    this.#lookAgain();
  }

  #free(entry: E): void {
    for (const id of entry.ids) this.#ids.delete(id);
    for (const key of entry.keys) {
      const count = (this.#busy.get(key) ?? 0) - 1;
      if (count > 0) this.#busy.set(key, count);
      else this.#busy.delete(key);
    }
    this.#orders.delete(entry);
    if (this.#conditional > 0) this.#claimed.remove(entry.claims);
  }

  /** An entry is gone for good. */
  #forget({ conditional }: E): void {
    if (conditional && --this.#conditional === 0) this.#claimed.clear();
  }

  #lookAgain(): void {
    this.#held.clear();
    this.#heldClaims.clear();
    this.#seen = 0;
  }
}
