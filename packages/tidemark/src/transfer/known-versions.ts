/** Some tens of megabytes. */
const mostStreams = 200_000;

/**
 * The versions that an import left streams at, so that it need not ask for them again: a seventh of what a group costs the
 * server where every event is of another stream. Where another session extended a stream since, the database refuses the group.
 */
export class KnownVersions {
  readonly #versions = new Map<string, number>();

  versionOf(key: string): number | undefined {
    return this.#versions.get(key);
  }

  /** @param versions - Of each stream. */
  learn(keys: readonly string[], versions: readonly number[]): void {
    if (this.#versions.size > mostStreams) this.#versions.clear();
    for (const [index, key] of keys.entries()) this.#versions.set(key, versions[index] ?? 0);
  }

  /** After any failure: another server may have answered it, with less in its log. */
  forget(): void {
    this.#versions.clear();
  }
}
