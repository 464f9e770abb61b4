import type { JSX } from "preact";
import type { CommandLine, InputLine, InstancePage } from "../../../wire/process-reports.ts";
import { count } from "../../parts/format.ts";
import { JsonView } from "../../parts/json-view.tsx";
import { Link } from "../../parts/link.tsx";
import { Status } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { hrefOf } from "../../state/place.ts";

/** Each input, and below it the commands that it led to. */
export function InstanceLineOfTime({ report: { instance, inputs, commands } }: { readonly report: InstancePage }): JSX.Element {
  const byInput = Map.groupBy(commands, ({ input }) => input);
  const first = inputs[0]?.number ?? 1;
  const earlier = commands.filter(({ input }) => input < first);
  return (
    <section class="panel" aria-labelledby="line">
      <h2 id="line">Inputs and commands</h2>
      {instance.inputs > inputs.length && (
        <p class="explain">
          The latest {count(inputs.length)} of {count(instance.inputs)} inputs.
        </p>
      )}
      <ol class="tree">
        {earlier.length > 0 && (
          <li>
            <Commands commands={earlier} />
          </li>
        )}
        {inputs.map((input) => (
          <Input key={input.number} input={input} commands={byInput.get(input.number) ?? []} />
        ))}
      </ol>
    </section>
  );
}

function Input({ input, commands }: { readonly input: InputLine; readonly commands: readonly CommandLine[] }): JSX.Element {
  const { number, event, handled, error } = input;
  return (
    <li>
      <div class="node">
        <span class="beside">{count(number)}</span>{" "}
        <Link href={hrefOf("/event", { id: event.id })} class="name" row>
          {event.type}
        </Link>{" "}
        <Link href={hrefOf("/stream", { id: event.streamId, at: event.version })} class="name plain">
          {event.streamId}
        </Link>{" "}
        <span class="beside">
          <Time at={event.recordedAt} />
        </span>{" "}
        {!handled && <Status state="paused">waits</Status>}
        {error !== null && <p class="why name">{error}</p>}
      </div>
      {commands.length > 0 && <Commands commands={commands} />}
    </li>
  );
}

function Commands({ commands }: { readonly commands: readonly CommandLine[] }): JSX.Element {
  return (
    <ul>
      {commands.map(({ input, path, kind, streamId, content, status, attempts, dueAt, error }) => (
        <li key={`${input} ${path}`}>
          <details class="node">
            <summary>
              {kind === "command" ? "command" : "events"}
              {streamId !== null && (
                <>
                  {" to "}
                  <span class="name">{streamId}</span>
                </>
              )}{" "}
              <Status state={status} />
              {attempts > 1 && ` tried ${count(attempts)} times`}
              {status === "pending" && dueAt !== null && (
                <>
                  , due <Time at={dueAt} />
                </>
              )}
            </summary>
            {error !== null && <p class="why name">{error}</p>}
            <JsonView text={content} label={`Content of ${input}/${path}`} />
          </details>
        </li>
      ))}
    </ul>
  );
}
