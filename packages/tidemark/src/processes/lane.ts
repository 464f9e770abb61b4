import { InvalidArgumentError } from "../errors/errors.ts";
import { delayAfter } from "../runtime/retry-policy.ts";
import type { DefinedProcess } from "./defined-process.ts";
import type { CommandEffect, Effect } from "./effect.ts";
import type { EffectCache } from "./effect-cache.ts";
import { canSucceed, effectOf, isClosing, issue, type IssueTools } from "./issue-command.ts";
import type { PendingCommand } from "./pending-command.ts";

/** What a lane of commands needs: how they are issued, and how what became of them is written. */
export interface LaneTools extends IssueTools {
  readonly definition: DefinedProcess;
  readonly cache: EffectCache;
  readonly recover: (command: PendingCommand) => Promise<readonly Effect[]>;
  readonly backOff: (command: PendingCommand, error: unknown, inMs: number) => Promise<void>;
  readonly park: (command: PendingCommand, error: unknown) => Promise<void>;
  /** Records a refusal with what `orElse` returns for it. */
  readonly refuse: (command: PendingCommand, error: unknown, effect: CommandEffect) => Promise<void>;
}

export interface LaneRun {
  /** A command was issued; nothing of that is written yet. */
  readonly onDone: (id: number) => void;
  /** Asked before each command. */
  readonly mayGoOn: () => boolean;
  /** Ends a command that is under way: it stays pending. */
  readonly signal: AbortSignal;
}

/**
 * Issues the commands of one instance, one after the other. It ends with the last of them, or with the first that did not succeed: what
 * comes after it then is loaded again. Returns whether all were issued. Rejects where the database was away, or the shard is another
 * worker's.
 */
export async function runLane(tools: LaneTools, commands: readonly PendingCommand[], { onDone, mayGoOn, signal }: LaneRun): Promise<boolean> {
  for (const command of commands) {
    if (!mayGoOn() || !(await runCommand(tools, command, signal))) return false;
    onDone(command.id);
  }
  return true;
}

/** Whether it was issued. */
async function runCommand(tools: LaneTools, command: PendingCommand, signal: AbortSignal): Promise<boolean> {
  const effect = await effectFor(tools, command);
  if (effect instanceof Error) {
    await tools.park(command, effect);
    return false;
  }
  const issued = await issue(tools, command, effect, signal);
  if (issued.outcome === "done") return true;
  if (issued.outcome === "withdrawn") return false;
  if (issued.outcome === "unasked") throw issued.error;
  if (signal.aborted || isClosing(issued.error)) return false;
  if (issued.outcome === "refused" && effect) {
    await tools.refuse(command, issued.error, effect);
    return false;
  }
  const { retry } = tools.definition.settings;
  if (command.attempts + 1 < retry.attempts && canSucceed(issued.error, tools.retryable))
    await tools.backOff(command, issued.error, Math.round(delayAfter(retry, command.attempts + 1)));
  else await tools.park(command, issued.error);
  return false;
}

/** The effect with the command's decider; undefined for an append, which needs none; an error where the code has none any more. */
async function effectFor({ cache, recover, process }: LaneTools, command: PendingCommand): Promise<CommandEffect | Error | undefined> {
  if (command.kind === "append") return undefined;
  const { instanceId, input, path } = command;
  const known = effectOf(cache.get(instanceId, input, path.slice(0, -1)), command);
  if (known?.effect === "command") return known;
  let effects: readonly Effect[];
  try {
    effects = await recover(command);
  } catch (error) {
    if (canSucceed(error, () => false) || isDatabase(error)) throw error;
    return error instanceof Error ? error : new InvalidArgumentError("react", "threw when it was called again for a recorded input", { cause: error });
  }
  const effect = effectOf(effects, command);
  if (effect?.effect !== "command")
    return new InvalidArgumentError(
      "react",
      `of the process ${JSON.stringify(process)} no longer returns the command to ${JSON.stringify(command.stream ?? "several streams")} that was recorded for input ${command.input}: the code has changed. Bring it back, or give the process another name`,
    );
  cache.set(instanceId, input, path.slice(0, -1), effects);
  return effect;
}

function isDatabase(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && (error.code === "CONNECTION" || error.code === "POOL_TIMEOUT" || error.code === "DATABASE" || isClosing(error))
  );
}
