import { InvalidArgumentError } from "../errors/errors.ts";
import { quoteStep } from "./describe-value.ts";

/**
 * What is wrong with a value, on its way up from the place where it was found. Each level it passes adds its own step, so
 * that the path is built only when there is something to say.
 */
export class JsonProblem extends Error {
  readonly problem: string;
  /** Where the value is too large: by how many UTF-16 units, as far as was counted. */
  readonly excess: number | undefined;
  /** From the innermost outwards. */
  readonly #steps: (string | number)[] = [];
  readonly #holders: object[] = [];

  constructor(problem: string, { cause, excess }: { readonly cause?: unknown; readonly excess?: number } = {}) {
    super(problem, cause === undefined ? undefined : { cause });
    this.problem = problem;
    this.excess = excess;
  }

  static tooLarge(excess: number): JsonProblem {
    return new JsonProblem("is too large", { excess });
  }

  /** Anything else that was thrown came from a getter or a Proxy of the caller's. */
  static of(error: unknown): JsonProblem {
    return error instanceof JsonProblem ? error : new JsonProblem("could not be read: it threw (see cause)", { cause: error });
  }

  /** The same place, with another problem. */
  replaced(problem: string): JsonProblem {
    const replaced = new JsonProblem(problem, "cause" in this ? { cause: this.cause } : {});
    replaced.#steps.push(...this.#steps);
    return replaced;
  }

  inside(holder: object, step: string | number): this {
    this.#steps.push(step);
    this.#holders.push(holder);
    return this;
  }

  /** The error for it, where `path` is the place of the whole value. */
  at(path: string): InvalidArgumentError {
    const loop = this.loop();
    if (loop !== undefined) return new InvalidArgumentError(path + loop, "contains itself; JSON cannot express a cycle");
    const steps = this.#steps.toReversed().map(quoteStep).join("");
    return new InvalidArgumentError(path + steps, this.problem, "cause" in this ? { cause: this.cause } : {});
  }

  /** The path to the first object that holds itself, where one does: depth and size alone do not tell a cycle. */
  loop(): string | undefined {
    const seen = new Set<object>();
    const holders = this.#holders.toReversed();
    const again = holders.findIndex((holder) => seen.size === seen.add(holder).size);
    return again === -1 ? undefined : this.#steps.toReversed().slice(0, again).map(quoteStep).join("");
  }
}
