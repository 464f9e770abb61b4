import type { JSX } from "preact";
import type { ProjectionLine } from "../../../wire/projection-reports.ts";
import { ChangeButton } from "../../parts/change-dialog.tsx";

/** What can be done with one version. */
export function VersionChanges({ line, done }: { readonly line: ProjectionLine; readonly done: () => void }): JSX.Element {
  const { name, version, serving, state, build } = line;
  const parameters = { name, version };
  const isBuilt = build?.state === "ready";
  return (
    <>
      <ChangeButton
        change={state === "paused" ? "resume-projection" : "pause-projection"}
        parameters={parameters}
        label={state === "paused" ? "Resume" : "Pause"}
        done={done}
        small
      />
      {!serving && (
        <ChangeButton
          change={isBuilt ? "swap-projection" : "rebuild-projection"}
          parameters={parameters}
          label={isBuilt ? "Have it serve" : "Build"}
          done={done}
          small
        />
      )}
    </>
  );
}

interface RollBackProps {
  readonly name: string;
  readonly versions: readonly ProjectionLine[];
  readonly done: () => void;
}

/** Back to the version that served before, where there is one. */
export function RollBack({ name, versions, done }: RollBackProps): JSX.Element | null {
  if (!versions.some(({ serving, servedUntil }) => !serving && servedUntil !== null)) return null;
  return (
    <div class="toolbar">
      <ChangeButton change="roll-back-projection" parameters={{ name }} label="Roll back" done={done} />
    </div>
  );
}
