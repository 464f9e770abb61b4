import type { Change } from "./change.ts";
import { discardLetter, discardLetters, retryLetter, retryLetters } from "./dead-letters.ts";
import { rebuildProjection } from "./rebuild.ts";
import { replay } from "./replay.ts";
import { pause, reset, resume } from "./followers.ts";
import { cancelProcess, retryProcess } from "./processes.ts";
import { pauseProjection, resumeProjection, rollBackProjection, swapProjection } from "./projections.ts";

/** All that can be changed, below `/api/changes`: a new change is one line here. */
export const changes: Readonly<Record<string, Change>> = {
  pause,
  resume,
  reset,
  replay,
  "retry-letter": retryLetter,
  "retry-letters": retryLetters,
  "discard-letter": discardLetter,
  "discard-letters": discardLetters,
  "retry-process": retryProcess,
  "cancel-process": cancelProcess,
  "pause-projection": pauseProjection,
  "resume-projection": resumeProjection,
  "rebuild-projection": rebuildProjection,
  "swap-projection": swapProjection,
  "roll-back-projection": rollBackProjection,
};
