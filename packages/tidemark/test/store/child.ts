import { type ChildProcess, execFile, fork } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";

const index = new URL("../../src/index.ts", import.meta.url).href;

/** Runs a program in a process of its own, in which `openEventStore` is there, and all of the library as `tidemark`. Resolves to what it printed. */
export async function runProgram(program: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const text = `const tidemark = await import(${JSON.stringify(index)});\nconst { openEventStore } = tidemark;\n${program}`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--conditions=source", "--eval", text], {
    env: { ...process.env, NODE_OPTIONS: "", ...env },
    timeout: 200_000,
  });
  return stdout;
}

export interface Opener extends AsyncDisposable {
  readonly process: ChildProcess;
  /** What it said when it had opened the store and appended an event, or why it could not. */
  readonly said: unknown;
  /** Has it append, or close its store. Resolves to what it says then. */
  ask(wish: "append" | "close"): Promise<unknown>;
  kill(): Promise<void>;
}

/** Another process that has the store of this url open. */
export async function openElsewhere(url: string): Promise<Opener> {
  const child = fork(new URL("./opener.ts", import.meta.url), [url], { execArgv: ["--conditions=source"], env: { ...process.env, NODE_OPTIONS: "" } });
  const [said] = await once(child, "message");
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  const ask = async (wish: string): Promise<unknown> => {
    const answer = once(child, "message");
    child.send(wish);
    return (await answer)[0];
  };
  return { process: child, said, ask, kill, [Symbol.asyncDispose]: kill };
}
