import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { count, counted } from "../parts/format.ts";
import { Empty, Failure } from "../parts/notice.tsx";
import { Status } from "../parts/status.tsx";
import { apiOf } from "../state/ask.ts";
import { useShortcuts } from "../state/keys.ts";
import { amend, query } from "../state/place.ts";
import { useTail } from "./live/use-tail.ts";
import { EventRows } from "./stream/event-rows.tsx";

const fields = [
  { name: "types", label: "Types, with commas", placeholder: "any" },
  { name: "category", label: "Category", placeholder: "any" },
  { name: "prefix", label: "Stream begins with", placeholder: "any" },
] as const;

/** Events as they come, of the whole log or of what is asked for. */
export function Live(): JSX.Element {
  const filter = Object.fromEntries(fields.map(({ name }) => [name, query.value.get(name) ?? undefined]));
  const [isHeld, setHeld] = useState(false);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const { events, waiting, skipped, state, problem, show, hold } = useTail(apiOf("tail", { ...filter, from: "live" }), isHeld);
  useShortcuts([{ keys: "p", what: "Pause the tail, or go on", run: () => setHeld(!isHeld) }], [isHeld]);
  return (
    <>
      <h1>Live</h1>
      <form
        class="filters"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          const given = new FormData(event.currentTarget);
          const text = (value: FormDataEntryValue | null): string => (typeof value === "string" ? value : "");
          amend(Object.fromEntries(fields.map(({ name }) => [name, text(given.get(name))])));
        }}
      >
        {fields.map(({ name, label, placeholder }, index) => (
          <label key={name}>
            <span>{label}</span>
            <input
              name={name}
              type="search"
              autocomplete="off"
              spellcheck={false}
              placeholder={placeholder}
              defaultValue={filter[name]}
              {...(index === 0 && { "data-search": "" })}
            />
          </label>
        ))}
        <button type="submit" class="button">
          Show
        </button>
        <button type="button" class="button" aria-pressed={isHeld} onClick={() => setHeld(!isHeld)}>
          {isHeld ? "Paused" : "Pause"} <kbd>p</kbd>
        </button>
      </form>
      <p class="facts" role="status">
        <span>
          <Status state={state === "gone" ? "failed" : state === "connecting" ? "starting" : state}>{state}</Status>
        </span>
        {skipped > 0 && <span>at least {counted(skipped, "event")} skipped: they came faster than they could be shown</span>}
      </p>
      {problem && <Failure problem={problem} />}
      {waiting > 0 && (
        <button type="button" class="newer" onClick={show}>
          Show {counted(waiting, "new event")}
        </button>
      )}
      {events.length === 0 && !problem && (
        <Empty title="Nothing has come yet">
          <p>Events are here as soon as they are appended. With a filter, only those that it names.</p>
        </Empty>
      )}
      {events.length > 0 && (
        <>
          <p class="only-read">{count(events.length)} events, the newest first</p>
          <EventRows
            events={events}
            open={open}
            toggle={(id) => setOpen((before) => (before.has(id) ? new Set([...before].filter((other) => other !== id)) : new Set([...before, id])))}
            onPointer={hold}
          />
        </>
      )}
    </>
  );
}
