// The other process of folder-lock.test.ts: locks each folder it is sent, holds it, and says how it went.
import { isTidemarkError } from "../../src/errors/errors.ts";
import { lockFolder } from "../../src/database/folder-lock.ts";

async function answer(folder: string): Promise<void> {
  try {
    await lockFolder(folder);
    process.send?.({ locked: true });
  } catch (error) {
    if (!isTidemarkError(error, "STORE_LOCKED")) throw error;
    process.send?.({ locked: false, holder: error.pid });
  }
}

process.on("message", (folder: string) => {
  // It blocks, as a long statement of an embedded database does: for ever, until it is killed.
  if (folder === "block") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  else void answer(folder);
});
process.send?.("ready");
