import { openCamelCased } from "./postgres-js.ts";
import { testAdapter } from "./suite.ts";

testAdapter("fromPostgresJs on a client that renames columns", openCamelCased);
