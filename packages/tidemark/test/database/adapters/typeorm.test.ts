import { openTypeORM } from "./typeorm.ts";
import { testAdapter, testLostConnection } from "./suite.ts";

testLostConnection(testAdapter("fromTypeORM", openTypeORM));
