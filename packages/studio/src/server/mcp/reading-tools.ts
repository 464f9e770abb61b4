import { eventTools } from "./event-tools.ts";
import { followerTools } from "./follower-tools.ts";
import { storeTools } from "./store-tools.ts";
import type { ReadingTool } from "./tool.ts";

/** All questions. None of them changes anything. */
export const readingTools: readonly ReadingTool[] = [...eventTools, ...followerTools, ...storeTools];
