// The shop until Ctrl-C. Run: npm run shop (with DATABASE_URL, AMQP_URL and PORT, or what it can start by itself)
import { once } from "node:events";
import { hasRabbitmq, startRabbitmq } from "@tidemark/servers";
import { openShop } from "./shop.ts";

const given = process.env["AMQP_URL"];
if (given === undefined && !hasRabbitmq) {
  console.error("The shop needs RabbitMQ: set AMQP_URL, or install it (Debian: apt-get install rabbitmq-server).");
  process.exit(2);
}
const broker = given === undefined ? await startRabbitmq() : undefined;
const shop = await openShop({
  database: process.env["DATABASE_URL"],
  broker: given ?? broker?.url ?? "",
  port: Number(process.env["PORT"] ?? 3000),
});
console.log(`The shop is open at ${shop.url}. Ctrl-C closes it.`);

await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
console.log("Closing.");
await shop.close();
await broker?.[Symbol.asyncDispose]();
