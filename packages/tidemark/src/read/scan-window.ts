const first = 10_000;
const least = 1_000;
const most = 1_000_000;
const quickMs = 50;
const slowMs = 250;

/**
 * How many positions one statement may look at. Without a bound, a filter that matches nothing would make one statement
 * scan the whole log; so it looks at a window, and windows follow the time that they take.
 */
export class ScanWindow {
  positions: number = first;

  /** Of a statement that came to the end of its window. One whose page filled up before says nothing about windows. */
  learn(tookMs: number): void {
    if (tookMs > slowMs) this.positions = Math.max(least, this.positions >> 1);
    else if (tookMs < quickMs) this.positions = Math.min(most, this.positions * 4);
  }
}
