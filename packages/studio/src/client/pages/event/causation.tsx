import type { JSX } from "preact";
import type { CausationReport, EffectLine, EventLine } from "../../../wire/reports.ts";
import { Command } from "../../parts/copy.tsx";
import { Link } from "../../parts/link.tsx";
import { Time } from "../../parts/time.tsx";
import { hrefOf } from "../../state/place.ts";

/** The root first, then down to the event, then what it caused. */
export function Causation({ event, causation }: { readonly event: EventLine; readonly causation: CausationReport }): JSX.Element {
  return (
    <section class="panel" aria-labelledby="causation">
      <h2 id="causation">Causes and effects</h2>
      {causation.kind === "indexes-missing" ? (
        <>
          <p class="explain">To find what an event caused, the log needs two indexes. They are built beside appends.</p>
          <Command text={causation.command} />
        </>
      ) : (
        <Tree event={event} causation={causation} />
      )}
    </section>
  );
}

function Tree({ event, causation }: { readonly event: EventLine; readonly causation: Extract<CausationReport, { kind: "tree" }> }): JSX.Element {
  const { causes, causesCut, effects, complete } = causation;
  if (causes.length === 0 && effects.length === 0) {
    return (
      <p class="explain">
        Nothing is recorded as its cause, and no event names it as theirs. Events get a cause by <code>causedBy(event)</code>, or from processes.
      </p>
    );
  }
  const chain: EffectLine = causes.reduce<EffectLine>((below, cause) => ({ event: cause, effects: [below], cut: false }), { event, effects, cut: false });
  return (
    <>
      {causesCut && <p class="explain">There are more causes above.</p>}
      <ul class="tree">
        <Branch line={chain} current={event.id} />
      </ul>
      {!complete && <p class="explain">The tree was cut: it has more than 20 levels or 200 effects.</p>}
    </>
  );
}

function Branch({ line, current }: { readonly line: EffectLine; readonly current: string }): JSX.Element {
  const { event, effects, cut } = line;
  return (
    <li>
      <div class={event.id === current ? "node current" : "node"}>
        {event.id === current ? (
          <strong class="name" aria-current="true">
            {event.type}
          </strong>
        ) : (
          <Link href={hrefOf("/event", { id: event.id })} class="name" row>
            {event.type}
          </Link>
        )}{" "}
        <Link href={hrefOf("/stream", { id: event.streamId, at: event.version })} class="name plain">
          {event.streamId}
        </Link>{" "}
        <span class="beside">
          <Time at={event.recordedAt} />
        </span>
      </div>
      {cut && <p class="why">and more, which were cut</p>}
      {effects.length > 0 && (
        <ul>
          {effects.map((effect) => (
            <Branch key={effect.event.id} line={effect} current={current} />
          ))}
        </ul>
      )}
    </li>
  );
}
