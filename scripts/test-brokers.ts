// Tests the sinks on real brokers, which are started, killed, frozen and cut off. Apart from `npm test`, which they would make an eighth longer.
// The last line is "N passed, N failed".
import { announce } from "./run.ts";
import { conclude, runVitest } from "./vitest.ts";

announce("Test the sinks on RabbitMQ, Kafka, NATS and Redis");
conclude(await runVitest(["--project=tidemark", "packages/tidemark/test/sinks/"]));
