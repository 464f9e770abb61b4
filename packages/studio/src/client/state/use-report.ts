import { useLayoutEffect, useState } from "preact/hooks";
import { asProblem, ask, type Problem } from "./ask.ts";
import { visible } from "./clock.ts";

export interface Reported<T> {
  /** The last answer to this address, kept while the next is on its way. */
  readonly report: T | undefined;
  /** Why the last call failed; undefined since one succeeded. */
  readonly problem: Problem | undefined;
  readonly loading: boolean;
  readonly again: () => void;
}

export interface ReportOptions {
  /** Asks again so long after each answer, while the tab is seen. Nothing moves under the pointer. @defaultValue never */
  readonly everyMs?: number;
  /** Shows answers at once, wherever the pointer rests: what moves is held back otherwise, or nothing moves. @defaultValue false */
  readonly follows?: boolean;
}

/**
 * Whether the pointer rests on what can be clicked: an answer that nobody asked for is not shown then, but a later one, because another row could come to
 * lie under the pointer. A finger rests nowhere.
 */
function isAimed(): boolean {
  return matchMedia("(hover: hover)").matches && document.querySelector("main :is(a, button, summary):hover") !== null;
}

/** How long until a server that did not answer is asked again. */
const retryMs = 3_000;

interface Answer<T> {
  readonly address: string;
  readonly report?: T;
  readonly problem?: Problem;
}

/** Asks the server, and lets the question go when the page is left: the server then ends the query. @param address - Null asks nothing. */
export function useReport<T>(address: string | null, { everyMs, follows = false }: ReportOptions = {}): Reported<T> {
  const [answer, setAnswer] = useState<Answer<T>>();
  const [round, setRound] = useState(0);
  const seen = visible.value;

  // Before the first paint: the question need not wait for it.
  useLayoutEffect(() => {
    // A tab that is opened unseen asks once: else it would show, once it is seen, what the browser asked for beforehand.
    if (address === null || (!seen && answer !== undefined)) return undefined;
    const left = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const call = async (): Promise<void> => {
      let nextMs = everyMs;
      try {
        const report = await ask<T>(address, left.signal);
        const isByItself = timer !== undefined;
        if (!left.signal.aborted && !(isByItself && !follows && isAimed())) setAnswer({ address, report });
      } catch (error) {
        if (left.signal.aborted) return;
        const problem = asProblem(error);
        // What it refused, it would refuse again.
        if (problem.report.status === 0 || problem.report.status >= 500) nextMs = Math.min(retryMs, everyMs ?? retryMs);
        setAnswer((before) => ({ ...(before?.address === address && before), address, problem }));
      }
      if (nextMs !== undefined && seen && !left.signal.aborted) timer = setTimeout(() => void call(), nextMs);
    };
    void call();
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [address, round, seen, everyMs, follows]);

  const current = answer?.address === address ? answer : undefined;
  return { report: current?.report, problem: current?.problem, loading: address !== null && current === undefined, again: () => setRound(round + 1) };
}
