/** Where this process last saw streams. What it expects of them is right, or was until a moment ago. */
export class KnownVersions {
  readonly #versions = new Map<string, number>();
  readonly #names: string[] = [];

  at(stream: string): number {
    return this.#versions.get(stream) ?? 0;
  }

  saw(stream: string, version: number): void {
    if (!this.#versions.has(stream)) this.#names.push(stream);
    this.#versions.set(stream, Math.max(version, this.at(stream)));
  }

  /** Streams seen so far, in the order in which they were first seen. */
  get names(): readonly string[] {
    return this.#names;
  }
}
