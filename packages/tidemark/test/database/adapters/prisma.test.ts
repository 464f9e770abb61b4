import { openPrisma } from "./prisma.ts";
import { testAdapter, testLostConnection } from "./suite.ts";

testLostConnection(testAdapter("fromPrisma", openPrisma));
