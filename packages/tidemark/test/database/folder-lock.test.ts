import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { lockFolder } from "../../src/database/folder-lock.ts";
import { Worker } from "node:worker_threads";
import { describe, expect, test as base } from "../support/test.ts";
import { rejection } from "./open.ts";

const test = base.extend("folder", async ({}, { onCleanup }) => {
  const scratch = mkdtempSync(join(tmpdir(), "tidemark-lock-"));
  onCleanup(() => rmSync(scratch, { recursive: true, force: true }));
  const folder = join(scratch, "store");
  mkdirSync(folder);
  return folder;
});

interface Answer {
  readonly locked: boolean;
  readonly holder: number | undefined;
}

/** A process that takes the folder's lock when it is told to, and says how it went. */
class Locker implements AsyncDisposable {
  readonly process: ChildProcess;

  constructor() {
    this.process = fork(new URL("./locker.ts", import.meta.url), { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  }

  async ready(): Promise<this> {
    await once(this.process, "message");
    return this;
  }

  async lock(folder: string): Promise<Answer> {
    const answer = once(this.process, "message");
    this.process.send(folder);
    return (await answer)[0];
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, "exit");
    this.process.kill(signal);
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill("SIGKILL");
  }
}

describe("a folder's lock", () => {
  test("keeps out a second process, which is told who has it", async ({ folder }) => {
    await using other = await new Locker().ready();
    expect(await other.lock(folder)).toEqual({ locked: true });
    const error = await rejection(lockFolder(folder));
    expect(error).toMatchObject({
      code: "STORE_LOCKED",
      folder,
      lockFile: `${folder}.lock`,
      pid: other.process.pid,
      host: hostname(),
      command: expect.stringContaining("locker.ts"),
    });
    expect(JSON.parse(readFileSync(`${folder}.lock`, "utf8"))).toMatchObject({ pid: other.process.pid, host: hostname(), startedAt: expect.any(String) });
  });

  test("keeps out the same process, by any path to the folder", async ({ folder }) => {
    const lock = await lockFolder(folder);
    symlinkSync(folder, `${folder}-link`);
    expect(await rejection(lockFolder(`${folder}-link`))).toMatchObject({ code: "STORE_LOCKED", pid: process.pid });
    expect(await rejection(lockFolder(join(folder, "..", "store")))).toMatchObject({ code: "STORE_LOCKED", pid: process.pid });
    lock.release();
    (await lockFolder(folder)).release();
    expect(existsSync(`${folder}.lock`)).toBe(false);
  });

  test("keeps out another thread of the same process", async ({ folder }) => {
    const lock = await lockFolder(folder);
    const program = `
      const { parentPort, workerData } = require("node:worker_threads");
      import(workerData.module).then(({ lockFolder }) => lockFolder(workerData.folder)).then(() => "locked", (error) => error.code).then((answer) => parentPort.postMessage(answer));`;
    const module = new URL("../../src/database/folder-lock.ts", import.meta.url).href;
    const worker = new Worker(program, { eval: true, workerData: { module, folder } });
    expect(await once(worker, "message")).toEqual(["STORE_LOCKED"]);
    await worker.terminate();
    lock.release();
  });

  test("is there before the folder is", async ({ folder }) => {
    const lock = await lockFolder(join(folder, "a", "b"));
    expect(lock.folder).toBe(join(folder, "a", "b"));
    expect(existsSync(join(folder, "a", "b.lock"))).toBe(true);
    lock.release();
  });

  test("goes with a process that ends by itself", async ({ folder }) => {
    await using other = await new Locker().ready();
    await other.lock(folder);
    const ended = once(other.process, "exit");
    other.process.disconnect();
    await ended;
    expect(existsSync(`${folder}.lock`)).toBe(false);
  });

  test("of a process that was killed is taken over", async ({ folder }) => {
    await using other = await new Locker().ready();
    await other.lock(folder);
    await other.kill("SIGKILL");
    expect(existsSync(`${folder}.lock`)).toBe(true);
    const lock = await lockFolder(folder);
    expect(JSON.parse(readFileSync(`${folder}.lock`, "utf8"))).toMatchObject({ pid: process.pid });
    lock.release();
    expect(readdirSync(join(folder, ".."))).toEqual(["store"]);
  });

  test("of a process that is stopped is not", async ({ folder }) => {
    await using other = await new Locker().ready();
    await other.lock(folder);
    other.process.kill("SIGSTOP");
    expect(await rejection(lockFolder(folder))).toMatchObject({ code: "STORE_LOCKED", pid: other.process.pid });
  });

  test("of a dead process is taken over by one of several that see it dead", async ({ folder }) => {
    const lockers = await Promise.all(Array.from({ length: 6 }, () => new Locker().ready()));
    try {
      for (let round = 0; round < 15; round++) {
        const target = `${folder}-${round}`;
        writeFileSync(`${target}.lock`, JSON.stringify({ pid: deadPid(), host: hostname(), command: "gone", startedAt: "", token: `gone ${round}` }));
        const answers = await Promise.all(lockers.map((locker) => locker.lock(target)));
        expect(answers.filter(({ locked }) => locked)).toHaveLength(1);
      }
    } finally {
      await Promise.all(lockers.map((locker) => locker[Symbol.asyncDispose]()));
    }
  });

  test("of a process on another machine is never taken over", async ({ folder }) => {
    const holder = { pid: deadPid(), host: "elsewhere", command: "far", startedAt: "", token: "t" };
    writeFileSync(`${folder}.lock`, JSON.stringify(holder));
    expect(await rejection(lockFolder(folder))).toMatchObject({ code: "STORE_LOCKED", host: "elsewhere", message: expect.stringContaining(`${folder}.lock`) });
  });

  test("whose pid another process has now is taken over", async ({ folder }) => {
    const lock = await lockFolder(folder);
    const mine = JSON.parse(readFileSync(`${folder}.lock`, "utf8"));
    lock.release();
    await using other = await new Locker().ready();
    // The lock of a process that had the other's pid before it.
    writeFileSync(`${folder}.lock`, JSON.stringify({ ...mine, pid: other.process.pid }));
    (await lockFolder(folder)).release();
  });

  test("whose taking over was killed half way is taken over all the same", async ({ folder }) => {
    const dead = { pid: deadPid(), host: hostname(), command: "gone", startedAt: "", token: "dead" };
    writeFileSync(`${folder}.lock`, JSON.stringify(dead));
    writeFileSync(`${folder}.lock.takeover`, JSON.stringify({ ...dead, token: "dead too" }));
    const lock = await lockFolder(folder);
    expect(readdirSync(join(folder, ".."))).toEqual(["store", "store.lock"]);
    lock.release();
  });

  test("that a power failure left empty is taken over", async ({ folder }) => {
    writeFileSync(`${folder}.lock`, "");
    (await lockFolder(folder)).release();
  });
});

/** The pid of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}
