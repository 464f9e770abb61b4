import { isPromise } from "../arguments/promise.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { Fold } from "./options.ts";

/**
 * The same fold, which refuses what a user's functions must not return: a promise would become the state, and `undefined`,
 * which a forgotten branch or `return` gives, would take everything away that was folded so far.
 *
 * @param path - Where `evolve` stands, as the caller wrote it.
 * @throws {@link InvalidArgumentError} — when it is called: with the type of the event.
 */
export function checkedFold<State, E extends { readonly type: string }>({ initialState, evolve }: Fold<State, E>, path: string): Fold<State, E> {
  return {
    initialState: () => checkInitialState(initialState()),
    evolve: (state, event) => checkState(evolve(state, event), event, `${path}.evolve`),
  };
}

/** A state that an event led to. */
export function checkState<State>(state: State, { type }: { readonly type: string }, path: string): State {
  if (state === undefined)
    throw new InvalidArgumentError(
      path,
      `returned undefined for an event of the type ${JSON.stringify(type)}; return a state, or the given state if the event changes nothing`,
    );
  if (isPromise(state)) {
    throw new InvalidArgumentError(
      path,
      `returned a promise for an event of the type ${JSON.stringify(type)}; it must be synchronous. Await before the command, or in decide`,
    );
  }
  return state;
}

export function checkInitialState<State>(state: State): State {
  if (isPromise(state)) throw new InvalidArgumentError("initialState", "returned a promise; it must be synchronous");
  return state;
}
