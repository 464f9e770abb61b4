// The other end of worker.ts. Arguments: the subject's name, the database's url.
import { randomUUID } from "node:crypto";
import { type Call, callInLoops } from "./sample.ts";
import { openers } from "./subjects/open.ts";
import type { Order, Work } from "./worker.ts";

const [name = "", url = ""] = process.argv.slice(2);
const subject = await openers[name]?.(url);
if (!subject) throw new Error(`There is no contestant named ${name}.`);

const calls: Readonly<Record<Work, Call>> = {
  append: () => subject.append(`cart-${randomUUID()}`, 1, true),
  follow: () => subject.follow?.() ?? Promise.reject(new Error(`${name} follows no log.`)),
};

process.on("message", ({ work, callers, seconds }: Order) => {
  void callInLoops(callers, seconds, calls[work]).then((sample) => process.send?.(JSON.stringify(sample)));
});
process.on("disconnect", () => void subject.close());
process.send?.("ready");
