/** What comes again and again, each made once. There are as many as there are operations, categories and followers. */
export class Kept<Value> {
  readonly #kept = new Map<string, Value>();

  of(key: string, make: () => Value): Value {
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#kept.set(key, made);
    return made;
  }
}
