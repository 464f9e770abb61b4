/**
 * The order of UTF-8, which is collation "C": streams are locked in it by every process, so that two batches never wait for
 * each other in a ring. JavaScript's own order puts surrogates below U+E000.
 */
export function byBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? aboveSurrogates(x) - aboveSurrogates(y) : x - y;
  }
  return a.length - b.length;
}

/** Lifts surrogates above the rest of the plane, as their four bytes of UTF-8 are. */
function aboveSurrogates(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
