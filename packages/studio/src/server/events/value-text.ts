/** More would take a browser seconds, and tell nobody anything. */
const mostCharacters = 1_000_000;

/** JSON text of a value that code made: a bigint, a Map and a Set have no place in JSON, and stand there as what comes closest. */
export function valueText(value: unknown): string {
  const text = JSON.stringify(value, plain) ?? "null";
  if (text.length > mostCharacters) throw new RangeError(`It takes ${text.length} characters of JSON, and the studio shows ${mostCharacters} at most.`);
  return text;
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Map) return [...value.keys()].every((key) => typeof key === "string") ? Object.fromEntries(value) : [...value];
  return value instanceof Set ? [...value] : value;
}
