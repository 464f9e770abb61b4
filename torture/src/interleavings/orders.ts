/** Every order of the steps of several actors, each taking its own steps in turn: for [2, 1] that is 001, 010, 100. */
export function* ordersOf(steps: readonly number[]): Generator<readonly number[]> {
  if (steps.every((left) => left === 0)) {
    yield [];
    return;
  }
  for (const [actor, left] of steps.entries()) {
    if (left === 0) continue;
    for (const rest of ordersOf(steps.with(actor, left - 1))) yield [actor, ...rest];
  }
}
