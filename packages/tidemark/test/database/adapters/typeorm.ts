import { DataSource, EntitySchema } from "typeorm";
import type { IsolationLevel } from "typeorm/driver/types/IsolationLevel.js";
import { fromTypeORM } from "../../../src/index.ts";
import type { Orm } from "./orm.ts";

/** Without decorators, which a type-stripping Node.js does not run. */
const Audit = new EntitySchema<{ id: number; entry: string }>({
  name: "Audit",
  tableName: "audit",
  schema: "public",
  columns: { id: { type: "int", primary: true, generated: "increment" }, entry: { type: "text" } },
});

export async function openTypeORM(url: string): Promise<Orm> {
  const source = await new DataSource({ type: "postgres", url, entities: [Audit] }).initialize();
  return {
    likePg: true,
    transaction: (work, isolation: IsolationLevel = "READ COMMITTED") =>
      source.transaction(isolation, (manager) => work({ client: fromTypeORM(manager), insert: (entry) => manager.insert(Audit, { entry }) })),
    adaptItself: () => fromTypeORM(source.manager),
    close: () => source.destroy(),
  };
}
