/**
 * Numbers that the functions of `functions/` and TypeScript tell each other, by name. In SQL `:verdict(conflict)` stands for
 * `verdicts.conflict`, and so on, with underscores: `npm run generate` writes the numbers in. So a name costs a function nothing,
 * where a variable of PL/pgSQL costs a microsecond in each transaction.
 */

/** What became of one part of an append. */
export const verdicts = {
  written: 0,
  /** The ids are there already: version and position are those of the first result. */
  repeated: 1,
  /** The stream is at another version than expected: version and position tell where. */
  conflict: 2,
  /** An id is there already with something else: see `detail`. */
  duplicate: 3,
  /** Another transaction holds a stream or a claim. Nothing was written yet. */
  blocked: 4,
  /** Nothing is wrong with this part, but with another one of its append. */
  unwritten: 5,
  /** PostgreSQL refused this append: see `detail`. */
  refused: 6,
  /** The projections' epoch is another one. Nothing was written. */
  outdated: 7,
  conditionFailed: 8,
} as const;

/** What an append expects of a stream, where it is no version. Everything at or below `unchangedSince` is that less a position. */
export const expectations = { any: -1, streamExists: -2, unchangedSince: -10 } as const;

/** Which streams of a batch may be created: a `newcomer` is inserted without a look-up. */
export const slotKinds = { present: 0, either: 1, newcomer: 2 } as const;

/** What stands for the id of a stream that cannot be extended. */
export const streamMarks = { absent: 0, held: -1 } as const;

/** What an import's event is in the log. */
export const importedVerdicts = { absent: 0, present: 1, otherStream: 2, otherType: 3, otherData: 4, otherTags: 5, otherPosition: 6 } as const;

const tables = { verdict: verdicts, expected: expectations, slot: slotKinds, stream: streamMarks, imported: importedVerdicts };

/**
 * Writes the numbers into SQL: `:verdict(conflict)` becomes `2`.
 *
 * @throws Error — there is no such name.
 */
export function withCodes(sql: string): string {
  return sql.replaceAll(/:(verdict|expected|slot|stream|imported)\((\w+)\)/g, (place, table: keyof typeof tables, name: string) => {
    const key = name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const number = new Map<string, number>(Object.entries(tables[table])).get(key);
    if (number === undefined) throw new Error(`${place}: schema/codes.ts has no ${key}.`);
    return String(number);
  });
}
