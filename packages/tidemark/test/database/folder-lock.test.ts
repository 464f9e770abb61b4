import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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

  describe("of a process in another container of this machine, which nobody here can see,", () => {
    /** Rewrites the lock as a process in another namespace has it. */
    function moveElsewhere(folder: string, change: object = {}): void {
      const holder = JSON.parse(readFileSync(`${folder}.lock`, "utf8"));
      // A rename, as a reader must not meet half of it.
      writeFileSync(`${folder}.other`, JSON.stringify({ ...holder, birth: holder.birth.replace(/pid:\[\d+\]/, "pid:[1]"), ...change }));
      renameSync(`${folder}.other`, `${folder}.lock`);
    }

    test("is taken over once nobody touches it, under the name of a container before this one too", async ({ folder }) => {
      for (const change of [{}, { host: "b7f3c1d2e4a5" }, { pid: process.pid }]) {
        const gone = await new Locker().ready();
        await gone.lock(folder);
        moveElsewhere(folder, change);
        await gone.kill("SIGKILL");
        const lock = await lockFolder(folder, 300);
        expect(JSON.parse(readFileSync(`${folder}.lock`, "utf8"))).toMatchObject({ pid: process.pid, host: hostname() });
        lock.release();
      }
    });

    test("is kept while the process lives, even where a long statement blocks it", async ({ folder }) => {
      await using other = await new Locker().ready();
      await other.lock(folder);
      moveElsewhere(folder);
      other.process.send("block");
      const error = await rejection(lockFolder(folder));
      expect(error).toMatchObject({ code: "STORE_LOCKED", pid: other.process.pid, message: expect.stringContaining("in another container, which is running") });
    });

    test("is waited for while it is let go", async ({ folder }) => {
      await using other = await new Locker().ready();
      await other.lock(folder);
      moveElsewhere(folder);
      const locking = lockFolder(folder);
      rmSync(`${folder}.lock`);
      (await locking).release();
    });

    test("is never taken over where it gives no sign of life at all, and the message says what to do", async ({ folder }) => {
      const lock = await lockFolder(folder);
      moveElsewhere(folder, { beats: undefined });
      expect(await rejection(lockFolder(folder, 1))).toMatchObject({
        code: "STORE_LOCKED",
        message: expect.stringContaining(`or it was in a container that is gone, remove "${folder}.lock"`),
      });
      lock.release();
    });

    test("is never taken over where only the name of its machine is ours", async ({ folder }) => {
      const lock = await lockFolder(folder);
      moveElsewhere(folder, { host: "elsewhere", birth: "machine/pid:[1] another-boot 5" });
      expect(await rejection(lockFolder(folder, 1))).toMatchObject({ code: "STORE_LOCKED" });
      lock.release();
    });

    test("is taken over by one of several that see it still", async ({ folder }) => {
      const gone = await new Locker().ready();
      await gone.lock(folder);
      moveElsewhere(folder);
      await gone.kill("SIGKILL");
      const taken = await Promise.allSettled(Array.from({ length: 6 }, () => lockFolder(folder, 300)));
      expect(taken.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const each of taken) if (each.status === "fulfilled") each.value.release();
    });
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
