/** A choice of values, by the names of what they are set for. */
export type Row = ReadonlyMap<string, string>;

interface Choice {
  readonly name: string;
  readonly value: string;
}

/** Rows in which each value of each factor stands together with each value of every other one: greedily, so not the fewest. */
export function coveringRows(factors: readonly { readonly name: string; readonly values: readonly string[] }[]): readonly Row[] {
  const choices = factors.flatMap(({ name, values }) => values.map((value): Choice => ({ name, value })));
  const keyOf = (one: Choice, other: Choice): string =>
    JSON.stringify([one, other].map(({ name, value }) => [name, value]).sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)));
  const open = new Map<string, readonly [Choice, Choice]>();
  for (const [index, one] of choices.entries())
    for (const other of choices.slice(index + 1)) if (one.name !== other.name) open.set(keyOf(one, other), [one, other]);
  const rows: Row[] = [];
  for (let next = open.values().next(); !next.done; next = open.values().next()) {
    const row = next.value.slice();
    for (const { name, values } of factors) {
      if (row.some((chosen) => chosen.name === name)) continue;
      const gains = values.map((value) => row.filter((chosen) => open.has(keyOf(chosen, { name, value }))).length);
      const value = values[gains.indexOf(Math.max(...gains))];
      if (value !== undefined) row.push({ name, value });
    }
    for (const [index, one] of row.entries()) for (const other of row.slice(index + 1)) open.delete(keyOf(one, other));
    rows.push(new Map(row.map(({ name, value }) => [name, value])));
  }
  return rows;
}
