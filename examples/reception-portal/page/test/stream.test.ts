import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { listen } from "../src/board/stream.ts";

/** A stream, as the browser has it. */
class FakeEventSource extends EventTarget {
  static readonly CLOSED = 2;
  static open: FakeEventSource[] = [];
  readyState = 0;

  constructor() {
    super();
    FakeEventSource.open.push(this);
  }

  close() {
    this.readyState = FakeEventSource.CLOSED;
    FakeEventSource.open = FakeEventSource.open.filter((it) => it !== this);
  }

  tell(event: string, data?: unknown) {
    this.dispatchEvent(new MessageEvent(event, { data: JSON.stringify(data) }));
  }
}

/** Channels of one browser, which deliver at once. */
class FakeChannel extends EventTarget {
  static all: FakeChannel[] = [];

  readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
    FakeChannel.all.push(this);
  }

  postMessage(data: unknown) {
    const others = FakeChannel.all.filter((it) => it !== this && it.name === this.name);
    for (const other of others) {
      other.dispatchEvent(new MessageEvent("message", { data: structuredClone(data) }));
    }
  }

  close() {
    FakeChannel.all = FakeChannel.all.filter((it) => it !== this);
  }
}

/** One lock, for whoever comes first. */
class FakeLocks {
  #turn: Promise<unknown> = Promise.resolve();

  async request(_name: string, { signal }: { signal: AbortSignal }, work: () => Promise<void>) {
    const before = this.#turn;
    const mine = before.then(() => (signal.aborted ? undefined : work()));
    this.#turn = mine;
    await mine;
    signal.throwIfAborted();
  }
}

/** A tab with a board. */
function openTab() {
  const tab = new AbortController();
  const said: string[] = [];
  listen(
    {
      connected: () => said.push("connected"),
      disconnected: () => said.push("disconnected"),
      happened: (event, data) => said.push(`${event} ${JSON.stringify(data)}`),
    },
    tab.signal,
  );
  return { said, close: () => tab.abort() };
}

const settle = async () => await new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  FakeEventSource.open = [];
  FakeChannel.all = [];
  vi.stubGlobal("EventSource", FakeEventSource);
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  vi.stubGlobal("navigator", { locks: new FakeLocks() });
});

afterEach(() => vi.unstubAllGlobals());

test("however many tabs show the board, one stream tells all of them", async () => {
  const tabs = Array.from({ length: 7 }, openTab);
  await settle();
  expect(FakeEventSource.open).toHaveLength(1);
  const [stream] = FakeEventSource.open;
  stream?.tell("open");
  stream?.tell("visit", { number: 1 });
  stream?.tell("error");
  for (const { said } of tabs) {
    expect(said).toEqual(["connected", 'visit {"number":1}', "disconnected"]);
  }
});

test("a tab that comes later hears how it is, and the others hear nothing new", async () => {
  const first = openTab();
  const second = openTab();
  await settle();
  FakeEventSource.open[0]?.tell("open");
  const late = openTab();
  expect(late.said).toEqual(["connected"]);
  FakeEventSource.open[0]?.tell("error");
  const later = openTab();
  expect(later.said).toEqual([]);
  for (const { said } of [first, second, late]) {
    expect(said).toEqual(["connected", "disconnected"]);
  }
});

test("when the tab with the stream is closed, another has it, and nobody misses anything", async () => {
  const tabs = [openTab(), openTab(), openTab()];
  await settle();
  FakeEventSource.open[0]?.tell("open");
  tabs[0]?.close();
  await settle();
  expect(FakeEventSource.open).toHaveLength(1);
  FakeEventSource.open[0]?.tell("open");
  FakeEventSource.open[0]?.tell("check", {});
  // "connected" again: it asks for what may have happened in between.
  expect(tabs[1]?.said).toEqual(["connected", "connected", "check {}"]);
  expect(tabs[2]?.said).toEqual(tabs[1]?.said);
  expect(tabs[0]?.said).toEqual(["connected"]);
  tabs[1]?.close();
  tabs[2]?.close();
  await settle();
  expect(FakeEventSource.open).toEqual([]);
});

test("a stream that the browser gave up is opened again, once", async () => {
  vi.useFakeTimers();
  const tab = openTab();
  await vi.advanceTimersByTimeAsync(0);
  const [first] = FakeEventSource.open;
  first?.close();
  first?.tell("error");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(FakeEventSource.open).toHaveLength(1);
  tab.close();
  expect(FakeEventSource.open).toEqual([]);
  vi.useRealTimers();
});
