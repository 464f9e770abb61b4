import type { JSX } from "preact";
import { changesBetween } from "../../../wire/difference.ts";
import { exactJson } from "../../../wire/exact-json.ts";
import type { StatePage, StateReport } from "../../../wire/state-reports.ts";
import { ChangeTable } from "../../parts/change-table.tsx";
import { Command } from "../../parts/copy.tsx";
import { count } from "../../parts/format.ts";
import { JsonView } from "../../parts/json-view.tsx";
import { Empty } from "../../parts/notice.tsx";

/** What changed stands before what there is: it is what one looks for. */
export function StateAndChanges({ report: { stream, version, state } }: { readonly report: StatePage }): JSX.Element {
  switch (state.kind) {
    case "no-decider":
      return <NoDecider category={stream.category} known={state.known} />;
    case "failed":
      return (
        <p class="notice bad" role="alert">
          <span>
            {state.version === null ? "It could not be folded." : `It could not be folded at version ${count(state.version)}.`} {state.detail}
          </span>
        </p>
      );
    case "state":
      return <Both version={version} state={state} />;
  }
}

function Both({ version, state }: { readonly version: number; readonly state: Extract<StateReport, { kind: "state" }> }): JSX.Element {
  const changes = state.before === null ? [] : changesBetween(exactJson(state.before), exactJson(state.state));
  return (
    <div class="columns">
      <section class="panel" aria-labelledby="changes">
        <h2 id="changes">{version === 0 ? "Before the first event" : `What version ${count(version)} changed`}</h2>
        {version === 0 ? (
          <p class="explain">This is the state that every stream of the category begins with.</p>
        ) : changes.length === 0 ? (
          <p class="explain">Nothing: the event left the state as it was.</p>
        ) : (
          <ChangeTable changes={changes} />
        )}
      </section>
      <section class="panel" aria-labelledby="state">
        <h2 id="state">
          State at version {count(version)} {state.masked && <span class="beside">partly masked</span>}
        </h2>
        <JsonView text={state.state} label={`State at version ${version}`} />
      </section>
    </div>
  );
}

function NoDecider({ category, known }: { readonly category: string; readonly known: readonly string[] }): JSX.Element {
  return (
    <Empty title="Nothing says what these events come to">
      <p>
        Name a decider for the category <code class="name">{category}</code> in <code>tidemark.config.ts</code>, or in the option <code>deciders</code> of{" "}
        <code>studio()</code>. Any object with <code>initialState</code> and <code>evolve</code> fits.
      </p>
      <Command text={`deciders: { ${JSON.stringify(category)}: decider }`} />
      {known.length > 0 && (
        <p>
          There are deciders for: <span class="name">{known.join(", ")}</span>.
        </p>
      )}
    </Empty>
  );
}
