/** Something that one loop at a time waits for, and others announce. An announcement while nobody waits is remembered. */
export class Wake {
  #rung = false;
  #waiting: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#waiting?.();
  }

  /** Resolves at the next ring, or when `other` settles, or after `ms`, whichever comes first. */
  wait({ other, ms }: { readonly other?: Promise<unknown> | undefined; readonly ms?: number | undefined } = {}): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        // What settles later must not take a ring from whoever waits then.
        if (this.#waiting !== finish) return;
        clearTimeout(timer);
        this.#waiting = undefined;
        this.#rung = false;
        resolve();
      };
      const timer = ms === undefined ? undefined : setTimeout(finish, ms).unref();
      this.#waiting = finish;
      if (this.#rung) finish();
      else other?.then(finish, finish);
    });
  }
}
