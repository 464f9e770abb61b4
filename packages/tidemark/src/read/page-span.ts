/** Of the positions that would give a full page: one more row than fits would be a statement of its own. */
const filled = 0.9;

/** How many positions a page takes, as the last one says. In a log without gaps that gives every event, as many as it has rows. */
export class PageSpan {
  #positionsOfRow: number | undefined;

  get known(): boolean {
    return this.#positionsOfRow !== undefined;
  }

  learn(rows: number, positions: number): void {
    this.#positionsOfRow = positions / Math.max(1, rows);
  }

  /** Positions that give no more than so many rows, if the log goes on as it was. */
  of(rows: number): number {
    return Math.max(rows, Math.floor(filled * rows * (this.#positionsOfRow ?? 1)));
  }
}
