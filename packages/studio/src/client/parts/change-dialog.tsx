import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ChangePlan } from "../../wire/changes.ts";
import { asProblem, askForChange, type Problem } from "../state/ask.ts";
import { may } from "../state/session.ts";
import { Modal } from "./modal.tsx";
import { Failure, Loading } from "./notice.tsx";

interface Asked {
  readonly change: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Called once it is made. */
  readonly done: () => void;
}

const asked = signal<Asked | undefined>(undefined);
const told = signal("");

interface ChangeButtonProps extends Asked {
  readonly label: string;
  readonly small?: boolean;
}

/** Asks for a change. Whoever may not make it does not see it. */
export function ChangeButton({ label, small, ...change }: ChangeButtonProps): JSX.Element | null {
  if (!may(change.change)) return null;
  return (
    <button type="button" class={small === true ? "button small" : "button"} onClick={() => (asked.value = change)}>
      {label}
    </button>
  );
}

/** What a change will do, and the question whether it shall. */
export function ChangeDialog(): JSX.Element {
  const current = asked.value;
  return (
    <>
      <p class="only-read" role="status">
        {told.value}
      </p>
      {current && (
        <Modal class="change" labelledBy="change-title" onClose={() => (asked.value = undefined)}>
          <Question {...current} />
        </Modal>
      )}
    </>
  );
}

function Question({ change, parameters, done }: Asked): JSX.Element {
  const [plan, setPlan] = useState<ChangePlan>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [warning, setWarning] = useState<string>();
  // One for this question: pressed twice, or sent again after a broken connection, it is made once.
  const [id, setId] = useState(() => newId());
  const look = (): void => {
    setProblem(undefined);
    setId(newId());
    askForChange(change, { parameters }).then(setPlan, (error: unknown) => setProblem(asProblem(error)));
  };
  useEffect(look, [change, parameters]);
  const make = async (confirm: string): Promise<void> => {
    setBusy(true);
    try {
      const { title, warning: unsaid } = await askForChange(change, { parameters, id, confirm });
      told.value = `Done: ${title}`;
      if (unsaid === null) asked.value = undefined;
      else setWarning(unsaid);
      done();
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  if (warning !== undefined) return <Warned title={plan?.title ?? ""} warning={warning} />;
  return (
    <>
      <h2 id="change-title" class="name">
        {plan?.title ?? "What it would do"}
      </h2>
      {!plan && !problem && <Loading />}
      {plan && (
        <ul class="effects">
          {plan.effects.map((effect) => (
            <li key={effect} class="name">
              {effect}
            </li>
          ))}
        </ul>
      )}
      {plan && plan.state.length > 0 && <p class="explain">{plan.state.join(" ")}</p>}
      {plan?.grave === true && <p class="notice bad">This cannot be taken back.</p>}
      {problem && <Failure problem={problem} again={look} />}
      <div class="toolbar">
        <button type="button" class="button" onClick={() => (asked.value = undefined)}>
          Cancel
        </button>
        {plan && (
          <button
            type="button"
            class={plan.grave ? "button grave" : "button main"}
            disabled={busy || problem !== undefined}
            onClick={() => void make(plan.confirm)}
          >
            Do it
          </button>
        )}
      </div>
    </>
  );
}

/** It is made, and something went wrong after it. */
function Warned({ title, warning }: { readonly title: string; readonly warning: string }): JSX.Element {
  return (
    <>
      <h2 id="change-title" class="name">
        Done: {title}
      </h2>
      <p class="notice warn" role="alert">
        {warning}
      </p>
      <div class="toolbar">
        <button type="button" class="button main" onClick={() => (asked.value = undefined)}>
          Close
        </button>
      </div>
    </>
  );
}

/** A UUID. `crypto.randomUUID` is not there where the studio is not reached by HTTPS or on this machine. */
function newId(): string {
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte, index) => {
    const fixed = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return fixed.toString(16).padStart(2, "0");
  }).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
