/** Chooses, the same way for the same seed. */
export interface Random {
  /** From 0 up to 1. */
  next(): number;
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number;
  /** True this often: 0.1 is one time in ten. */
  chance(probability: number): boolean;
  pick<T>(items: readonly [T, ...T[]]): T;
  shuffle<T>(items: readonly T[]): T[];
}

/** mulberry32, seeded with the seed and with what the numbers are for: `randomFrom(7, "nemesis")`. */
export function randomFrom(seed: number, purpose: string): Random {
  let state = hash(`${seed} ${purpose}`);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    between,
    chance: (probability) => next() < probability,
    pick: (items) => items[between(0, items.length - 1)] ?? items[0],
    shuffle(items) {
      const shuffled = [...items];
      for (const [index, item] of items.entries()) {
        const other = between(0, index);
        const moved = shuffled[other] ?? item;
        shuffled[other] = item;
        shuffled[index] = moved;
      }
      return shuffled;
    },
  };
}

/** FNV-1a: 32 bits of a text. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}
