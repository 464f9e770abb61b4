import { balanceOf, credit } from "../../history/account.ts";
import type { Invariant } from "../invariant.ts";

export const keptTotal: Invariant = {
  id: "K2",
  title: "Transfers overdraw no account, and keep the sum of all",
  check({ log }, { checked, anomaly }) {
    let sum = 0;
    for (const [stream, events] of log.streams) {
      if (!stream.startsWith("account-")) continue;
      let balance = credit;
      for (const { id, version } of events) {
        checked();
        balance += balanceOf(id);
        if (balance < 0) anomaly(`${stream} is at ${balance} with version ${version}`);
      }
      sum += balance - credit;
    }
    if (sum !== 0) anomaly(`the sum of all accounts changed by ${sum}`);
  },
};
