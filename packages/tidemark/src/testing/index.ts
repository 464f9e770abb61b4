export { catalogueContract, type CatalogueContract } from "./catalogue-contract.ts";
export type { DataArbitrary, EventData } from "./properties/given-data.ts";
export { openTestStore, type TestStoreOptions } from "./test-store.ts";
export { goldenEvents, type GoldenEventsOptions } from "./golden-events.ts";
export type { PlannedConflict, PlannedFault } from "./interference.ts";
export {
  type BoundaryScenario,
  type DeciderDecision,
  type DeciderHistory,
  type DeciderScenario,
  scenario,
  type ScenarioHistory,
  type StreamsScenario,
} from "./scenario.ts";
export type { ExpectedError } from "./expected-error.ts";
export type { ScenarioDecision } from "./scenario-decision.ts";
export type { ScenarioOptions } from "./scenario-events.ts";
export type { VersionedEvent } from "./stored-events.ts";
export type { ProcessHistory, ProcessInputEvent, ProcessReaction, ProcessScenario } from "./process-scenario.ts";
export type { ProjectedEvent, ProjectionHistory, ProjectionScenario } from "./projection-scenario.ts";
export { type ReceivedMessage, sinkContract, type SinkContract } from "./sink-contract.ts";
export { storeContract, type StoreContract } from "./store-contract.ts";
