import { checkDate, checkFunction } from "../arguments/checks.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { checkStreamId, checkTimerKey } from "../arguments/names.ts";
import { checkOptions, isRecord } from "../arguments/options.ts";
import { isPromise } from "../arguments/promise.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { NewEvent } from "../model/event.ts";
import { checkDelay } from "../timers/encode-timer.ts";
import type { AnyDecider, Effect, OrElse, TimerDue } from "./effect.ts";

const dueShape = { in: checkDelay, at: checkDate };

/**
 * What `react` or `orElse` returned, if it is a list of effects.
 *
 * @param path - `react` or `orElse`, for errors.
 * @throws {@link InvalidArgumentError}
 */
export function checkEffects(returned: unknown, path: string): readonly Effect[] {
  if (isPromise(returned)) throw new InvalidArgumentError(path, "returned a promise; it must return its effects at once. Work that takes time is a command");
  if (!Array.isArray(returned)) throw new InvalidArgumentError(path, `must return an array of effects, not ${describeValue(returned)}; return [] for none`);
  return Array.from(returned, (effect: unknown, index) => checkEffect(effect, `${path}[${index}]`));
}

function checkEffect(effect: unknown, path: string): Effect {
  const refuse = (): never => {
    throw new InvalidArgumentError(path, `must be what command, append, timer, cancelTimer or complete returns, not ${describeValue(effect)}`);
  };
  if (!isRecord(effect)) return refuse();
  switch (effect["effect"]) {
    case "command":
      return checkCommand(effect, path);
    case "append": {
      const { events } = effect;
      if (!Array.isArray(events)) throw new InvalidArgumentError(`${path}.events`, `must be an array of events, not ${describeValue(events)}`);
      return { effect: "append", streamId: checkStreamId(effect["streamId"], `${path}.streamId`), events };
    }
    case "timer": {
      const { event } = effect;
      if (!isEvent(event)) throw new InvalidArgumentError(`${path}.event`, `must be an event such as { type, data }, not ${describeValue(event)}`);
      return { effect: "timer", key: checkTimerKey(effect["key"], `${path}.key`), due: checkDue(effect["due"], `${path}.due`), event };
    }
    case "cancel-timer":
      return { effect: "cancel-timer", key: checkTimerKey(effect["key"], `${path}.key`) };
    case "complete":
      return { effect: "complete" };
    default:
      return refuse();
  }
}

function checkCommand({ decider, streamId, command, orElse }: Readonly<Record<string, unknown>>, path: string): Effect {
  if (!isDecider(decider)) throw new InvalidArgumentError(`${path}.decider`, `must be a decider, not ${describeValue(decider)}`);
  const ofStreams = "reads" in decider || "query" in decider;
  return {
    effect: "command",
    decider,
    streamId: ofStreams ? undefined : checkStreamId(streamId, `${path}.streamId`),
    command,
    orElse: orElse === undefined ? undefined : checkFunction<OrElse>(orElse, `${path}.orElse`),
  };
}

/** Its parts are checked where it is encoded. */
function isEvent(value: unknown): value is NewEvent {
  return isRecord(value) && "type" in value;
}

function isDecider(value: unknown): value is AnyDecider {
  return isRecord(value) && typeof value["decide"] === "function";
}

function checkDue(value: unknown, path: string): TimerDue {
  const { in: ms, at } = checkOptions(value, dueShape, path);
  if (ms !== undefined && at === undefined) return { in: ms };
  if (at !== undefined && ms === undefined) return { at };
  throw new InvalidArgumentError(path, "needs one of in and at: { in: 900_000 } in milliseconds, or { at: date }");
}
