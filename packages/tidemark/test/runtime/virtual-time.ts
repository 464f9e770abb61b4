import type { Clock } from "../../src/async/clock.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly owner: Life;
  readonly work: () => void;
}

/** A process on the virtual clock: alive, frozen for a while, or dead. */
export interface Life {
  readonly clock: Clock;
  /** Its timers wait until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Nothing of it happens any more. */
  kill(): void;
  readonly alive: boolean;
  /** Timers that have not fired. */
  timers(): number;
}

/** Time that moves only from one timer to the next, once nothing is left to do at the present moment. */
export class VirtualTime {
  now = 0;
  #timers: Timer[] = [];
  #order = 0;

  live(): Life {
    let state: "alive" | "frozen" | "dead" = "alive";
    let waiting: (() => void)[] = [];
    const after = (ms: number, work: () => void): (() => void) => {
      const timer: Timer = { at: this.now + Math.max(0, ms), order: this.#order++, owner: life, work };
      this.#timers.push(timer);
      return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
    };
    const life: Life & { fire(work: () => void): void } = {
      clock: {
        now: () => this.now,
        after: (ms, work) => {
          let off = false;
          const callOff = after(ms, () => life.fire(() => void (off || work())));
          return () => {
            off = true;
            callOff();
          };
        },
        every: (ms, work) => {
          let callOff = (): void => undefined;
          const again = (): void => {
            callOff = life.clock.after(ms, () => {
              again();
              work();
            });
          };
          again();
          return () => callOff();
        },
      },
      fire: (work) => {
        if (state === "alive") work();
        else if (state === "frozen") waiting.push(work);
      },
      freeze: () => void (state = state === "alive" ? "frozen" : state),
      thaw: () => {
        if (state !== "frozen") return;
        state = "alive";
        const due = waiting;
        waiting = [];
        for (const work of due) work();
      },
      kill: () => void (state = "dead"),
      get alive() {
        return state !== "dead";
      },
      timers: () => this.#timers.filter(({ owner }) => owner === life).length,
    };
    return life;
  }

  /** Resolves after so much virtual time, on a process's own clock. */
  wait(life: Life, ms: number): Promise<void> {
    return new Promise((resolve) => void life.clock.after(ms, resolve));
  }

  /** Goes on to `until`, calling `look` whenever nothing is left to do at a moment. */
  async run(until: number, look: () => void): Promise<void> {
    for (;;) {
      // All that follows from the last timer without waiting for another.
      await new Promise((resolve) => setImmediate(resolve));
      look();
      const next = this.#timers.reduce<Timer | undefined>((first, timer) => {
        if (!first) return timer;
        return timer.at < first.at || (timer.at === first.at && timer.order < first.order) ? timer : first;
      }, undefined);
      if (!next || next.at > until) {
        this.now = until;
        return;
      }
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.now = next.at;
      next.work();
    }
  }
}
