import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { CardRequest } from "../src/index.js";
import { loadModule } from "../src/module.js";
import { type BridgeChannel, BridgeConnection, type Notification } from "../src/wasm/page.js";
import { FakeWebSocket } from "./fake-web-socket.js";
import { nonce, read, settle } from "./vectors.js";

interface Message {
  id: number;
  type: string;
}

const vectors: Record<"requests" | "answers" | "notifications", Message[]> = JSON.parse(
  read("wire/messages.json"),
);
const answerOf = (type: string) => vectors.answers.find((answer) => answer.type === type);

const url = "ws://127.0.0.1:27390";
const protocols = ["kazashi.v1", "kazashi.scope.events"];
const notified = vi.fn<(event: Notification) => void>();
const ended = vi.fn();

beforeAll(() => loadModule());
beforeEach(() => {
  vi.stubGlobal("WebSocket", FakeWebSocket);
  notified.mockReset();
  ended.mockReset();
});

/** Lets the requests go out, then has the bridge say something. */
async function tell(socket: FakeWebSocket, message: unknown): Promise<void> {
  await settle();
  socket.receive(message);
}

function start() {
  const connection = new BridgeConnection(url, protocols, notified, ended);
  return { connection, socket: FakeWebSocket.last };
}

async function open() {
  const { connection, socket } = start();
  const opening = connection.open();
  socket.accept();
  await tell(socket, { ...answerOf("hello"), id: 1 });
  await opening;
  return { connection, socket };
}

async function acquire() {
  const { connection, socket } = await open();
  const acquiring = connection.acquire("r1");
  await tell(socket, { type: "acquired", lease: "l1", id: 2 });
  return { connection, socket, channel: await acquiring };
}

it("a lease on a card of another kind says so", async () => {
  const { connection, socket, channel } = await acquire();
  expect(channel.unsupported).toBe(false);
  const acquiring = connection.acquire("r2");
  await tell(socket, { type: "acquired", lease: "l2", unsupported: true, id: 3 });
  expect((await acquiring).unsupported).toBe(true);
});

it("a bridge that refuses this origin, and says so, is believed", async () => {
  const { connection, socket } = start();
  const opening = connection.open();
  socket.accept();
  await tell(socket, { type: "error", code: "origin-refused" });
  await expect(opening).rejects.toMatchObject({ code: "origin-refused" });
  expect(socket.isClosed).toBe(true);
  expect(notified).not.toHaveBeenCalled();
});

it("every request is written as by hand, in its turn", async () => {
  const { connection, socket } = start();
  const ignore = () => {};
  connection.open().catch(ignore);
  socket.accept();
  await settle();
  connection.listReaders().catch(ignore);
  connection.watch().catch(ignore);
  const acquiring = connection.acquire("r1");
  connection.acquire("r1", "l1").catch(ignore);
  await tell(socket, { ...answerOf("acquired"), id: 4 });
  const channel = await acquiring;
  for (const { id, ...request } of vectors.requests.slice(5)) {
    const { lease, ...asked } = request as { type: string; lease: string };
    const answer = asked.type === "release" ? channel.release() : channel.ask(asked);
    answer.catch(ignore);
  }
  await settle();
  expect(socket.sent).toEqual(vectors.requests);
  expect(socket).toMatchObject({ url, protocols });
});

describe("answers", () => {
  const requests: Record<string, (of: BridgeConnection, channel: BridgeChannel) => unknown> = {
    readers: (connection) => connection.listReaders(),
    acquired: (connection) => connection.acquire("r1").then((channel) => channel.lease),
    response: (_, channel) => channel.ask({ type: "transmit", command: "00B08A000000" }),
    verified: (_, channel) => channel.ask({ type: "verify-pin", reference: "user-authentication" }),
    signed: (_, channel) => channel.ask({ type: "terminal-sign", nonce, signature: "AQL/" }),
    vouched: (_, channel) => channel.ask({ type: "vouch" }),
    "document-signed": (_, channel) => channel.ask({ type: "sign" }),
    attributes: (_, channel) => channel.ask({ type: "read-attributes" }),
    released: (_, channel) => channel.release(),
  };
  const understood: Record<string, unknown> = {
    readers: (answerOf("readers") as unknown as { readers: unknown }).readers,
    acquired: "l1",
    released: undefined,
  };

  it("hello tells what this origin may do", async () => {
    const { connection, socket } = start();
    const opening = connection.open();
    socket.accept();
    await tell(socket, { ...answerOf("hello"), id: 1 });
    expect(await opening).toEqual(answerOf("hello"));
  });

  it.each(Object.keys(requests))("%s is read as by hand", async (type) => {
    const { connection, socket, channel } = await acquire();
    const asked = requests[type]?.(connection, channel);
    await tell(socket, { ...answerOf(type), id: 3 });
    // Answers about the card are passed on as they are.
    const expected = type in understood ? understood[type] : { ...answerOf(type), id: 3 };
    expect(await asked).toEqual(expected);
  });

  it.each(vectors.answers.filter(({ type }) => type === "error"))(
    "an error rejects with what it says: %j",
    async (error) => {
      const { socket, channel } = await acquire();
      const asked = channel.ask({ type: "transmit", command: "00B08A000000" });
      await tell(socket, { ...error, id: 3 });
      await expect(asked).rejects.toEqual({ ...error, id: 3 });
      expect(ended).not.toHaveBeenCalled();
    },
  );

  it.each(Object.keys(requests))("another answer than %s is nonsense", async (type) => {
    const { connection, socket, channel } = await acquire();
    const asked = requests[type]?.(connection, channel);
    await tell(socket, { id: 3, type: "hello", version: "kazashi-bridge 0.1.0" });
    await expect(asked).rejects.toEqual({ code: "version-mismatch" });
    expect(socket.isClosed).toBe(true);
    expect(ended).toHaveBeenCalledOnce();
  });

  it.each([
    ["response", { response: "9" }],
    ["signed", { signature: 7 }],
    ["document-signed", { signature: "00" }],
    ["vouched", { word: "AQL" }],
    ["attributes", { name: "山　花" }],
  ])("%s without all that it has is nonsense", async (type, parts) => {
    const { connection, socket, channel } = await acquire();
    const asked = requests[type]?.(connection, channel);
    await tell(socket, { id: 3, type, ...parts });
    await expect(asked).rejects.toEqual({ code: "version-mismatch" });
    expect(socket.isClosed).toBe(true);
  });

  it("what is no guarded request is not sent", async () => {
    const { socket, channel } = await acquire();
    const sent = socket.sent.length;
    for (const request of [{ type: "hello" }, { type: "" }, {}, { type: "toString" }]) {
      expect(() => channel.ask(request as CardRequest)).toThrow(
        expect.objectContaining({ code: "invalid-request" }),
      );
    }
    await settle();
    expect(socket.sent).toHaveLength(sent);
  });

  it("find the requests that they are for, in whatever order they come", async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), async (order) => {
        const { socket, channel } = await acquire();
        const asked = order.map((_, index) =>
          channel.ask({ type: "transmit", command: `0000000${index}` }),
        );
        for (const index of order) {
          await tell(socket, { id: 3 + index, type: "response", response: `0${index}9000` });
        }
        const answers = await Promise.all(asked);
        expect(answers.map(({ response }) => response)).toEqual(
          [0, 1, 2, 3, 4].map((index) => `0${index}9000`),
        );
      }),
    );
  });
});

it.each(vectors.notifications)("a notification is passed on: %j", async (notification) => {
  const { socket } = await open();
  await tell(socket, notification);
  expect(notified.mock.calls).toEqual([[notification]]);
});

it("a listener that throws does not harm the connection", async () => {
  const { connection, socket } = await open();
  notified.mockImplementation(() => {
    throw new Error("a fault of the page");
  });
  await tell(socket, vectors.notifications[0]);
  const asked = connection.listReaders();
  await tell(socket, { id: 2, type: "readers", readers: [] });
  expect(await asked).toEqual([]);
});

it("whatever arrives, it is understood or ends the connection as version-mismatch", async () => {
  const message = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({ id: fc.anything(), type: fc.anything() }).map((value) => JSON.stringify(value)),
  );
  await fc.assert(
    fc.asyncProperty(message, async (text) => {
      notified.mockReset();
      const { connection, socket } = await open();
      const asked = connection.listReaders().catch((error) => error);
      await tell(socket, text);
      if (notified.mock.calls.length === 0) {
        expect(await asked).toEqual({ code: "version-mismatch" });
        expect(socket.isClosed).toBe(true);
      }
    }),
  );
});

describe("the end", () => {
  it("fails what is asked, and what is asked later", async () => {
    const { connection, socket, channel } = await acquire();
    const asked = channel.ask({ type: "transmit", command: "00B08A000000" });
    await settle();
    socket.fail();
    await expect(asked).rejects.toEqual({ code: "disconnected" });
    await expect(connection.watch()).rejects.toEqual({ code: "disconnected" });
    await expect(channel.release()).rejects.toEqual({ code: "disconnected" });
    expect(ended).toHaveBeenCalledOnce();
  });

  it("comes at once when the page closes", async () => {
    const { connection, socket } = await open();
    const asked = connection.listReaders();
    connection.close();
    await expect(asked).rejects.toEqual({ code: "disconnected" });
    expect(socket.isClosed).toBe(true);
    await tell(socket, { id: 2, type: "readers", readers: [] });
    socket.fail();
    expect(ended).toHaveBeenCalledOnce();
  });

  it("before the opening is bridge-unreachable", async () => {
    const { connection, socket } = start();
    const opening = connection.open();
    socket.fail();
    await expect(opening).rejects.toEqual({ code: "bridge-unreachable" });
  });

  it("by an error without a close is an end too", async () => {
    const { connection, socket } = start();
    const opening = connection.open();
    socket.onerror?.({});
    await expect(opening).rejects.toEqual({ code: "bridge-unreachable" });
  });

  it.each(["", "kazashi.v2"])("is version-mismatch with subprotocol %j", async (protocol) => {
    const { connection, socket } = start();
    const opening = connection.open();
    socket.accept(protocol);
    await expect(opening).rejects.toEqual({ code: "version-mismatch" });
    expect(socket.isClosed).toBe(true);
  });

  it("comes when the bridge will not say hello", async () => {
    const { connection, socket } = start();
    const opening = connection.open();
    socket.accept();
    await tell(socket, { id: 1, type: "error", code: "not-permitted" });
    await expect(opening).rejects.toMatchObject({ code: "not-permitted" });
    expect(socket.isClosed).toBe(true);
  });
});
