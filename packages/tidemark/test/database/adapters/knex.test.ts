import { openKnex } from "./knex.ts";
import { testAdapter, testLostConnection } from "./suite.ts";

testLostConnection(testAdapter("fromKnex", openKnex));
