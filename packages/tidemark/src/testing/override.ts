/** The object with some members replaced. Its own methods run on the object itself, for they may use private fields. */
export function override<T extends object>(target: T, members: Readonly<Partial<Record<PropertyKey, unknown>>>): T {
  return new Proxy(target, {
    get(_target, key) {
      if (Object.hasOwn(members, key)) return Reflect.get(members, key);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
