import type { Invariant } from "../invariant.ts";
import { acknowledgedStays } from "./acknowledged-stays.ts";
import { appendOnly } from "./append-only.ts";
import { boundedMemory } from "./bounded-memory.ts";
import { causalPositions } from "./causal-positions.ts";
import { caused } from "./caused.ts";
import { cleanEnd } from "./clean-end.ts";
import { commandsInOrder } from "./commands-in-order.ts";
import { commandsOnce } from "./commands-once.ts";
import { completeFeed } from "./complete-feed.ts";
import { denseVersions } from "./dense-versions.ts";
import { consumedOnce } from "./consumed-once.ts";
import { fenced } from "./fenced.ts";
import { consumedInOrder } from "./consumed-in-order.ts";
import { countedOnce } from "./counted-once.ts";
import { poisonAside } from "./poison-aside.ts";
import { lettersUpToDate } from "./letters-up-to-date.ts";
import { inputsOnce } from "./inputs-once.ts";
import { keptConditions } from "./kept-conditions.ts";
import { markReachesEnd } from "./mark-reaches-end.ts";
import { keptTotal } from "./kept-total.ts";
import { soundDecisions } from "./sound-decisions.ts";
import { noDeadlock } from "./no-deadlock.ts";
import { nothingAfterTheEnd } from "./nothing-after-the-end.ts";
import { oneSchema } from "./one-schema.ts";
import { oneWinner } from "./one-winner.ts";
import { ownVerdict } from "./own-verdict.ts";
import { processTimers } from "./process-timers.ts";
import { projectedExactly } from "./projected-exactly.ts";
import { publishedEvents } from "./published-events.ts";
import { publishedMessages } from "./published-messages.ts";
import { readAsToday } from "./read-as-today.ts";
import { realTimeOrder } from "./real-time-order.ts";
import { rebuiltWhole } from "./rebuilt-whole.ts";
import { sameReply } from "./same-reply.ts";
import { firedOrCancelled } from "./fired-or-cancelled.ts";
import { neverEarly } from "./never-early.ts";
import { together } from "./together.ts";
import { typedErrors } from "./typed-errors.ts";
import { verified } from "./verified.ts";
import { wholeEvents } from "./whole-events.ts";
import { withinLimits } from "./within-limits.ts";

/** Everything that a run is checked for. */
export const invariants: readonly Invariant[] = [
  denseVersions,
  acknowledgedStays,
  oneWinner,
  realTimeOrder,
  together,
  noDeadlock,
  sameReply,
  typedErrors,
  causalPositions,
  ownVerdict,
  withinLimits,
  keptConditions,
  soundDecisions,
  keptTotal,
  appendOnly,
  completeFeed,
  markReachesEnd,
  consumedOnce,
  fenced,
  consumedInOrder,
  countedOnce,
  poisonAside,
  projectedExactly,
  rebuiltWhole,
  wholeEvents,
  lettersUpToDate,
  readAsToday,
  firedOrCancelled,
  neverEarly,
  inputsOnce,
  commandsOnce,
  nothingAfterTheEnd,
  processTimers,
  commandsInOrder,
  caused,
  publishedEvents,
  publishedMessages,
  boundedMemory,
  oneSchema,
  verified,
  cleanEnd,
];
