import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { EventDocument } from "../../../wire/reports.ts";
import type { TailMessage } from "../../../wire/tail.ts";
import { asProblem, Problem, send } from "../../state/ask.ts";
import { visible } from "../../state/clock.ts";

export interface Tail {
  /** The newest first. */
  readonly events: readonly EventDocument[];
  /** Those that have come while the pointer rests on the list, or it is held. */
  readonly waiting: number;
  /** How many this page did not get, or let go unseen. */
  readonly skipped: number;
  readonly state: "connecting" | "live" | "paused" | "gone";
  readonly problem: Problem | undefined;
  readonly show: () => void;
  readonly hold: (isThere: boolean) => void;
}

interface Kept {
  readonly shown: readonly EventDocument[];
  readonly waiting: readonly EventDocument[];
  readonly skipped: number;
}

/** Longer than a browser likes, the oldest are let go. */
const mostKept = 500;
const retryMs = 2_000;
const nothing: Kept = { shown: [], waiting: [], skipped: 0 };

/**
 * What comes, for as long as the tab is seen. A tab that is seen again gets what came meanwhile: it names the last position that it has.
 *
 * @param address - Of the tail, with its filter, and without a position.
 */
export function useTail(address: string, isHeld: boolean): Tail {
  const [kept, setKept] = useState(nothing);
  const [problem, setProblem] = useState<Problem>();
  const [isLive, setLive] = useState(false);
  const last = useRef<{ readonly address: string; readonly position: number | undefined }>({ address, position: undefined });
  const pointer = useRef(false);
  const held = useRef(isHeld);
  held.current = isHeld;
  const seen = visible.value;

  useLayoutEffect(() => {
    if (last.current.address !== address) {
      last.current = { address, position: undefined };
      setKept(nothing);
    }
    if (!seen) return undefined;
    const left = new AbortController();
    const take = ({ events, skipped, problem: why }: TailMessage): void => {
      if (why) throw new Problem(why);
      const newest = events.at(-1);
      if (newest) last.current = { address, position: newest.position };
      setKept((before) => added(before, events.toReversed(), skipped, pointer.current || held.current));
    };
    const connect = async (): Promise<void> => {
      while (!left.signal.aborted) {
        try {
          const { position } = last.current;
          const response = await send(position === undefined ? address : `${address}&after=${position}`, { signal: left.signal });
          setProblem(undefined);
          setLive(true);
          for await (const message of messagesOf(response)) take(message);
        } catch (error) {
          if (left.signal.aborted) return;
          setProblem(asProblem(error));
        }
        setLive(false);
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    };
    void connect();
    return () => {
      left.abort();
      setLive(false);
    };
  }, [address, seen]);

  const show = (): void => setKept(({ shown, waiting, skipped }) => ({ shown: [...waiting, ...shown].slice(0, mostKept), waiting: [], skipped }));
  const hold = (isThere: boolean): void => {
    pointer.current = isThere;
    if (!isThere && !held.current) show();
  };
  useEffect(() => {
    if (!isHeld) show();
  }, [isHeld]);
  const state = isHeld ? "paused" : problem ? "gone" : isLive ? "live" : "connecting";
  return { events: kept.shown, waiting: kept.waiting.length, skipped: kept.skipped, state, problem, show, hold };
}

function added({ shown, waiting, skipped }: Kept, come: readonly EventDocument[], missed: number, isHeld: boolean): Kept {
  if (!isHeld) return { shown: [...come, ...waiting, ...shown].slice(0, mostKept), waiting: [], skipped: skipped + missed };
  const all = [...come, ...waiting];
  return { shown, waiting: all.slice(0, mostKept), skipped: skipped + missed + Math.max(0, all.length - mostKept) };
}

/** The messages of server-sent events: each is one line of data. */
async function* messagesOf({ body }: Response): AsyncGenerator<TailMessage, void, undefined> {
  if (!body) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) {
      const message: TailMessage = JSON.parse(part.slice("data: ".length));
      yield message;
    }
  }
}
