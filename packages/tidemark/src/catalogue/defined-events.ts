export class DefinedEvents {
  readonly types: readonly string[];
  constructor(definitions: Readonly<Record<string, unknown>>) {
    this.types = Object.keys(definitions);
  }
}
