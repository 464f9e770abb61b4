import { type Command, InvalidArgumentError as InvalidOptionError } from "commander";
import type { BudgetOptions } from "../operations/connection-budget.ts";
import { given, wholeNumber } from "./flags.ts";

/** What a command is told of the processes that open a store. */
export interface BudgetFlags {
  readonly processes?: number;
  readonly poolMax?: number;
}

export function addBudgetFlags(command: Command): Command {
  return command
    .option("--processes <n>", "how many processes open a store on the server; default: those that listen now", positive)
    .option("--pool-max <n>", "pool.max of each (default: 10)", positive);
}

export function budgetOf({ processes, poolMax }: BudgetFlags): BudgetOptions {
  return given({ processes, poolMax });
}

function positive(text: string): number {
  const number = wholeNumber(text);
  if (number === 0) throw new InvalidOptionError("It must be at least 1.");
  return number;
}
