import { useEffect, useRef, useState } from "preact/hooks";
import type { EventDocument, StreamPage } from "../../../wire/reports.ts";
import { apiOf } from "../../state/ask.ts";
import { type Problem } from "../../state/ask.ts";
import { useReport } from "../../state/use-report.ts";

export interface NewerEvents {
  /** The newest first. */
  readonly events: readonly EventDocument[];
  /** Those that have come while the pointer rests on the list: nothing moves under it. */
  readonly waiting: number;
  readonly show: () => void;
  readonly hold: (isThere: boolean) => void;
  readonly problem: Problem | undefined;
}

/** Where a list would become longer than a browser likes, the oldest are let go. */
const mostKept = 1_000;

/** The events that a stream gets from now on. @param after - The last version that is known; undefined follows nothing. */
export function useNewerEvents(streamId: string, after: number | undefined): NewerEvents {
  const [events, setEvents] = useState<readonly EventDocument[]>([]);
  const [waiting, setWaiting] = useState<readonly EventDocument[]>([]);
  const held = useRef(false);
  const last = (waiting[0] ?? events[0])?.version ?? after;
  const address = after === undefined || last === undefined ? null : apiOf("stream", { id: streamId, from: last + 1, limit: 100 });
  const { report, problem } = useReport<StreamPage>(address, { everyMs: 1_000, follows: true });

  useEffect(() => {
    setEvents([]);
    setWaiting([]);
  }, [streamId, after]);
  useEffect(() => {
    if (!report || report.events.length === 0) return;
    const come = report.events.toReversed();
    if (held.current) setWaiting((before) => [...come, ...before]);
    else setEvents((before) => [...come, ...before].slice(0, mostKept));
  }, [report]);

  const show = (): void => {
    setEvents((before) => [...waiting, ...before].slice(0, mostKept));
    setWaiting([]);
  };
  const hold = (isThere: boolean): void => {
    held.current = isThere;
    if (!isThere && waiting.length > 0) show();
  };
  return { events, waiting: waiting.length, show, hold, problem };
}
