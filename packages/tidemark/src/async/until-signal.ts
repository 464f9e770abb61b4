/**
 * Resolves at the first SIGTERM or SIGINT; calls `again` at each later one, until the function that is returned is called.
 * Node.js ends a process at these signals only while no listener is registered.
 */
export function untilSignal(again: () => void): { readonly first: Promise<void>; readonly unlisten: () => void } {
  const { promise: first, resolve } = Promise.withResolvers<void>();
  let count = 0;
  const onSignal = (): void => {
    if (count++ === 0) resolve();
    else again();
  };
  const signals = ["SIGTERM", "SIGINT"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    first,
    unlisten: () => {
      for (const signal of signals) process.removeListener(signal, onSignal);
    },
  };
}
