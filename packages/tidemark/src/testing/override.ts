/**
 * The object with some members replaced. Its own methods run on the object itself, for they may use private fields. What is
 * assigned to a member stays with the result: on the object itself, a method that calls the object's would come to call itself.
 */
export function override<T extends object>(target: T, members: Readonly<Partial<Record<PropertyKey, unknown>>>): T {
  const own: Partial<Record<PropertyKey, unknown>> = { ...members };
  return new Proxy(target, {
    get(_target, key) {
      if (Object.hasOwn(own, key)) return Reflect.get(own, key);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
    set: (_target, key, value) => Reflect.set(own, key, value),
  });
}
