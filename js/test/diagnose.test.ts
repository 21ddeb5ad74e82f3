import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { type Diagnosis, diagnose, KazashiError, type Reader } from "../src/index.js";
import { message } from "../src/messages.js";
import { loadModule } from "../src/module.js";
import { FakeHost } from "./fake-host.js";
import { FakeWebSocket } from "./fake-web-socket.js";
import { settle } from "./vectors.js";

beforeAll(() => loadModule());
afterEach(() => {
  vi.unstubAllGlobals();
});

const loaded = { id: "r1", cardPresent: true };
const empty = { id: "r1", cardPresent: false };

it.each<[Diagnosis["code"], Reader[]]>([
  ["ok", [loaded]],
  ["ok", [empty, { id: "r2", cardPresent: true }]],
  ["ok", [{ id: "a reader that this origin may not know more of" }]],
  ["no-smartcard", [empty]],
  ["no-reader", []],
])("%s, with the readers %j", async (code, readers) => {
  expect(await diagnose({ host: new FakeHost(...readers) })).toMatchObject({ code });
});

it.each(["no-service", "not-permitted", "version-mismatch"] as const)(
  "%s, with the words for it",
  async (code) => {
    const host = new FakeHost();
    host.readers = () => Promise.reject(new KazashiError(code));
    expect(await diagnose({ host })).toEqual({
      code,
      ja: message({ code }, "ja"),
      en: message({ code }, "en"),
    });
  },
);

it("a fault of the host is not taken for a diagnosis", async () => {
  const host = new FakeHost();
  host.readers = () => Promise.reject(new RangeError("a fault of the host"));
  await expect(diagnose({ host })).rejects.toThrow(RangeError);
});

it("nothing is left connected", async () => {
  vi.stubGlobal("WebSocket", FakeWebSocket);
  const diagnosing = diagnose();
  await settle();
  const socket = FakeWebSocket.last;
  const scopes = ["events"];
  socket.answer = ({ type }) =>
    type === "hello" ? { type, version: "1", scopes } : { type: "readers", readers: [loaded] };
  socket.accept();
  expect(await diagnosing).toMatchObject({ code: "ok" });
  expect(socket.isClosed).toBe(true);
});

it("it may be cut short", async () => {
  const signal = AbortSignal.abort();
  expect(await diagnose({ host: new FakeHost(loaded), signal })).toMatchObject({ code: "aborted" });
});
