/** What the browser sent is not what the change takes. */
export class InvalidFieldError extends Error {
  override readonly name = "InvalidFieldError";
}

/** The parameters of a change, as JSON brought them. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: unknown) {
    if (typeof values !== "object" || values === null || Array.isArray(values)) throw new InvalidFieldError("The parameters must be a JSON object.");
    this.#values = Object.fromEntries(Object.entries(values));
  }

  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined) throw new InvalidFieldError(`The parameter ${name} is missing.`);
    return value;
  }

  optionalText(name: string): string | undefined {
    const value = this.#own(name);
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value !== "string") throw new InvalidFieldError(`The parameter ${name} must be a text.`);
    return value;
  }

  oneOf<const T extends string>(name: string, choices: readonly T[]): T {
    const value = this.text(name);
    const choice = choices.find((each) => each === value);
    if (choice === undefined) throw new InvalidFieldError(`The parameter ${name} must be one of ${choices.join(", ")}.`);
    return choice;
  }

  number(name: string, least = 0): number {
    const value = this.#own(name);
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least)
      throw new InvalidFieldError(`The parameter ${name} must be a whole number from ${least}.`);
    return value;
  }

  optionalNumber(name: string, least = 0): number | undefined {
    return this.#own(name) === undefined ? undefined : this.number(name, least);
  }

  #own(name: string): unknown {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
  }
}
