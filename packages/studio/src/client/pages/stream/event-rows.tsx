import type { JSX } from "preact";
import type { EventDocument } from "../../../wire/reports.ts";
import { count } from "../../parts/format.ts";
import { JsonView } from "../../parts/json-view.tsx";
import { Link } from "../../parts/link.tsx";
import { Time } from "../../parts/time.tsx";
import { hrefOf } from "../../state/place.ts";

interface EventRowsProps {
  readonly events: readonly EventDocument[];
  readonly open: ReadonlySet<string>;
  readonly toggle: (id: string) => void;
  readonly onPointer: (isThere: boolean) => void;
}

/** Events one below the other; each opens at one click. */
export function EventRows({ events, open, toggle, onPointer }: EventRowsProps): JSX.Element {
  return (
    <ol class="panel flush events" onPointerEnter={() => onPointer(true)} onPointerLeave={() => onPointer(false)}>
      {events.map((event) => (
        <Row key={`${event.id} ${event.version}`} event={event} isOpen={open.has(event.id)} toggle={() => toggle(event.id)} />
      ))}
    </ol>
  );
}

function Row({ event, isOpen, toggle }: { readonly event: EventDocument; readonly isOpen: boolean; readonly toggle: () => void }): JSX.Element {
  const panel = `event-${event.position}`;
  return (
    <li class={isOpen ? "open" : ""}>
      <button type="button" class="summary" data-row="" aria-expanded={isOpen} aria-controls={panel} onClick={toggle}>
        <span class="version">{count(event.version)}</span>
        <span class="type name">{event.type}</span>
        <span class="peek">{event.data}</span>
        <Time at={event.recordedAt} />
      </button>
      {isOpen && (
        <div class="detail" id={panel}>
          <p class="facts">
            <span>
              <Link href={hrefOf("/event", { id: event.id })}>Causes, copies and more</Link>
            </span>
            <span>position {count(event.position)}</span>
            <span class="code">{event.id}</span>
            {event.schemaVersion !== 1 && <span>schema version {event.schemaVersion}</span>}
            {event.masked && <span>partly masked</span>}
          </p>
          <JsonView text={event.data} label={`Data of version ${event.version}`} />
          {event.metadata !== "{}" && (
            <>
              <h2 class="minor">Metadata</h2>
              <JsonView text={event.metadata} label={`Metadata of version ${event.version}`} />
            </>
          )}
          {event.tags.length > 0 && <Tags tags={event.tags} />}
        </div>
      )}
    </li>
  );
}

export function Tags({ tags }: { readonly tags: readonly string[] }): JSX.Element {
  return (
    <ul class="tags" aria-label="Tags">
      {tags.map((tag) => (
        <li key={tag} class="name">
          {tag}
        </li>
      ))}
    </ul>
  );
}
