import { expect, test } from "vitest";
import { MessageReader } from "../src/proxy/messages.ts";

function packet(letter: string, code: number | string): Buffer {
  const body = typeof code === "string" ? Buffer.from(code) : Buffer.alloc(4);
  if (typeof code === "number") body.writeInt32BE(code);
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + body.length);
  return Buffer.concat([Buffer.from(letter), length, body]);
}

const conversation = [packet("", 80_877_103), packet("", 196_608), packet("p", "secret"), packet("Q", "select 1\0"), packet("X", "")];
const names = ["SSLRequest", "StartupMessage", "PasswordMessage", "Query", "Terminate"];

test.each([1, 2, 3, 5, 7, 11, 1_000])("messages are found whole in pieces of %i bytes", (size) => {
  const bytes = Buffer.concat(conversation);
  const reader = new MessageReader("frontend", 0);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, piece) => bytes.subarray(piece * size, (piece + 1) * size));
  const messages = pieces.flatMap((piece) => [...reader.read(piece)]);
  expect(messages.map(({ name }) => name)).toEqual(names);
  expect(messages.map(({ bytes: found }) => found.toString("hex"))).toEqual(conversation.map((sent) => sent.toString("hex")));
});

test("another protocol is refused", () => {
  const reader = new MessageReader("backend", 3);
  expect(() => [...reader.read(Buffer.from("H\0\0\0\0"))]).toThrow("The backend of connection 3 does not speak PostgreSQL's protocol");
});
