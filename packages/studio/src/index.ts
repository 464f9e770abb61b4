export { studio, type Studio } from "./server/studio.ts";
export type { DerivedValue, MaskedPaths, StudioDecider, StudioOptions, StudioRole, StudioUser } from "./server/options.ts";
export { nodeHandler, type NodeHandler } from "./server/node/handler.ts";
export { serveStudio, type ServedStudio, type ServeStudioOptions } from "./server/node/serve.ts";
