/** The names of what an object has, its own and what its classes give it, so that a table of them can be told that one is missing. */
export function membersOf(from: object): string[] {
  const names = new Set<string>();
  for (let holder: object | null = from; holder && holder !== Object.prototype; holder = Object.getPrototypeOf(holder)) {
    for (const name of Object.getOwnPropertyNames(holder)) names.add(name);
    if (Object.hasOwn(holder, Symbol.asyncIterator)) names.add("asyncIterator");
  }
  names.delete("constructor");
  return [...names].toSorted();
}
