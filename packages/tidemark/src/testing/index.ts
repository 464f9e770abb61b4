export { openTestStore, type TestStoreOptions } from "./test-store.ts";
export type { PlannedConflict, PlannedFault } from "./interference.ts";
export { type DeciderDecision, type DeciderHistory, type DeciderScenario, type ExpectedError, scenario } from "./scenario.ts";
export { storeContract, type StoreContract } from "./store-contract.ts";
