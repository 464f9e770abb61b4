import { encodeJson } from "../arguments/json.ts";
import type { NewEvent } from "../model/event.ts";
import { checkEffects } from "../processes/check-effects.ts";
import type { Effect } from "../processes/effect.ts";

/** Effects as they are compared: what they come to, without functions, and events without what only a store adds. */
export function comparedEffects(effects: readonly Effect<never>[]): readonly unknown[] {
  return checkEffects(effects, "then").map((effect, index) => {
    switch (effect.effect) {
      case "command": {
        const { decider, streamId, command } = effect;
        return { effect: "command", decider, streamId, command: JSON.parse(encodeJson({ command }, `then[${index}]`)).command };
      }
      case "append":
        return { ...effect, events: effect.events.map(comparedEvent) };
      case "timer":
        return { ...effect, event: comparedEvent(effect.event) };
      default:
        return effect;
    }
  });
}

/** A copy of an event that was read compares like the event that was given. */
function comparedEvent({ type, data, tags = [], metadata = {} }: NewEvent): unknown {
  const { causationId: _ofTheOriginal, ...own } = metadata;
  return { type, data, tags: [...tags], metadata: own };
}
