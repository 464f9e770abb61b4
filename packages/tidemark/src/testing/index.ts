export { openTestStore, type TestStoreOptions } from "./test-store.ts";
export type { PlannedConflict } from "./interference.ts";
export { type DeciderDecision, type DeciderHistory, type DeciderScenario, scenario } from "./scenario.ts";
export { storeContract, type StoreContract } from "./store-contract.ts";
