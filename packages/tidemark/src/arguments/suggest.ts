import { distance } from "fastest-levenshtein";

/** `; did you mean "limit"?` where a known word is near, else `""`. Case and separators do not count. */
export function didYouMean(word: string, known: readonly string[]): string {
  if (word.length > 64) return "";
  const plain = stripped(word);
  let nearest: string | undefined;
  let least = Math.max(1, Math.floor(plain.length / 3)) + 1;
  for (const candidate of known) {
    const steps = distance(plain, stripped(candidate));
    if (steps < least) [nearest, least] = [candidate, steps];
  }
  return nearest === undefined ? "" : `; did you mean "${nearest}"?`;
}

function stripped(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s]/g, "");
}
