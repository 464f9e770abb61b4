import type { Fault } from "./fault.ts";

export const cutConnections: Fault = {
  name: "cut of all connections",
  async strike({ proxy }) {
    proxy.cutAll();
  },
};
