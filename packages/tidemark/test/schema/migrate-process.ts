/** Migrates one schema, as a process of its own: `node migrate-process.ts <url> <schema>`. Prints how many it applied. */
import { migrate } from "../../src/schema/migrate.ts";
import { openDatabase } from "./open.ts";

const [, , url = "", schema = ""] = process.argv;
const database = await openDatabase(url);
const applied = await migrate(database, schema);
process.stdout.write(`${applied.length}`);
await database.close();
