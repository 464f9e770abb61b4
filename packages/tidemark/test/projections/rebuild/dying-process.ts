// A process of build.test.ts: builds a projection, and kills itself at a commit.
import { eager, startWorker } from "./worker.ts";
import { sums } from "./sums.ts";

export interface Orders {
  readonly url: string;
  readonly schema: string;
  /** At which transaction of the build it dies, before it commits. */
  readonly dieAt: number | undefined;
}

async function obey({ url, schema, dieAt }: Orders): Promise<void> {
  let commits = 0;
  const beforeCommit = async (): Promise<void> => {
    if (++commits === dieAt) process.kill(process.pid, "SIGKILL");
  };
  const { worker, stop } = await startWorker(url, schema, [sums("built")], { limits: { ...eager, memoryBytes: 8_000 }, beforeCommit });
  await worker.caughtUp();
  await stop();
  process.disconnect();
}

process.once("message", (orders: Orders) => void obey(orders));
