// The other end of worker.ts. Arguments: the subject's name, the database's url.
import { randomUUID } from "node:crypto";
import { callInLoops } from "./sample.ts";
import { openers } from "./subjects/open.ts";
import type { Order } from "./worker.ts";

const [name = "", url = ""] = process.argv.slice(2);
const subject = await openers[name]?.(url);
if (!subject) throw new Error(`There is no contestant named ${name}.`);

process.on("message", ({ callers, seconds }: Order) => {
  void callInLoops(callers, seconds, () => subject.append(`cart-${randomUUID()}`, 1, true)).then((sample) => process.send?.(JSON.stringify(sample)));
});
process.on("disconnect", () => void subject.close());
process.send?.("ready");
