/** The values of a statement that is put together, and the placeholders for them. */
export class Parameters {
  readonly values: (string | number)[];
  /** Conditions that they are compared in. */
  conditions = 0;

  constructor(first: readonly (string | number)[]) {
    this.values = [...first];
  }

  /** The placeholder for a value. */
  add(value: string | number): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  /** The placeholder for a list of texts, as PostgreSQL writes arrays. */
  addList(texts: readonly string[]): string {
    return this.add(`{${texts.map((text) => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(",")}}`);
  }
}
