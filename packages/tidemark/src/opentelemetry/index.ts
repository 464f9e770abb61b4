export { instrument, type Instrumentation } from "./instrument.ts";
export type { InstrumentOptions } from "./options.ts";
