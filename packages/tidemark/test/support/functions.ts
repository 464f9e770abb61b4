import { functionSet, suffixOf } from "../../src/schema/function-set.ts";
import { type FunctionName, functionTexts } from "../../src/schema/sql.generated.ts";

/** The name in the database of one of the store's functions, for SQL that tests write: `${schema}.${fn("take_shard")}(…)`. */
export function fn(name: FunctionName): string {
  return `${name}${suffixOf(functionSet)}`;
}

/** SQL in which `@name` stands for a table, or one of the store's functions, of a schema. */
export function inSchema(text: string, schema: string): string {
  return text.replaceAll(/@(\w+)/g, (_, name: string) => {
    const found = functionTexts.find((one) => one.name === name);
    return `${schema}.${found ? fn(found.name) : name}`;
  });
}
