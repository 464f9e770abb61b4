import { openPostgresJs } from "./postgres-js.ts";
import { testAdapter } from "./suite.ts";

testAdapter("fromPostgresJs", openPostgresJs);
