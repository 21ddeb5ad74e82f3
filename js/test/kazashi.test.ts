import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type Card,
  type CardAnswer,
  connect,
  type Kazashi,
  KazashiError,
  type KazashiEventMap,
} from "../src/index.js";
import { loadModule } from "../src/module.js";
import { FakeChannel, FakeHost } from "./fake-host.js";
import { settle } from "./vectors.js";

beforeAll(() => loadModule());
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const loaded = { id: "r1", cardPresent: true, insertion: "the first" };
const empty = { id: "r1", cardPresent: false };

/** Follows a promise without waiting for it. */
function follow<T>(promise: Promise<T>) {
  const state: { value?: T; error?: unknown } = {};
  promise.then(
    (value) => {
      state.value = value;
    },
    (error) => {
      state.error = error;
    },
  );
  return state;
}

/** Takes the turns of a loop over cards, each until it is told to end. */
function takeTurns(kazashi: Kazashi, options?: Parameters<Kazashi["cards"]>[0]) {
  const turns: { card: Card; end: () => void }[] = [];
  const loop = (async () => {
    for await (const card of kazashi.cards(options)) {
      await new Promise<void>((end) => turns.push({ card, end }));
    }
  })();
  return { turns, loop };
}

/** The turns at this host, of which the first is over. */
async function afterOneTurn(host: FakeHost) {
  const { turns } = takeTurns(await connect({ host }));
  await settle();
  turns[0]?.end();
  await settle();
  return turns;
}

describe("card()", () => {
  it("takes the card that is there", async () => {
    const host = new FakeHost(loaded);
    const kazashi = await connect({ host });
    const card = await kazashi.card();
    expect(host.acquire.mock.calls).toEqual([["r1"]]);
    expect(card.signal).toBe(host.channels[0]?.signal);
  });

  it("waits for a card, and asks nobody meanwhile", async () => {
    const host = new FakeHost(empty);
    const kazashi = await connect({ host });
    const waiting = follow(kazashi.card());
    await vi.advanceTimersByTimeAsync(60_000);
    expect(host.acquire).not.toHaveBeenCalled();
    host.insert("r1");
    await settle();
    expect(waiting.value).toBeDefined();
  });

  it.each(["reader-busy", "no-smartcard", "sharing-violation", "disconnected"] as const)(
    "waits out %s",
    async (code) => {
      const host = new FakeHost(loaded);
      host.refusals.push(code, code);
      const kazashi = await connect({ host });
      const waiting = follow(kazashi.card());
      await vi.advanceTimersByTimeAsync(600);
      expect(waiting.value).toBeUndefined();
      await vi.advanceTimersByTimeAsync(1_000);
      expect(waiting.value).toBeDefined();
      expect(host.acquire).toHaveBeenCalledTimes(3);
    },
  );

  it("asks seldom for a reader that stays busy, and at once when it is told", async () => {
    const host = new FakeHost(loaded);
    host.refusals.push(...Array(100).fill("reader-busy"));
    const kazashi = await connect({ host });
    const waiting = follow(kazashi.card());
    await vi.advanceTimersByTimeAsync(60_000);
    expect(host.acquire.mock.calls.length).toBeLessThan(15);
    host.refusals.length = 0;
    host.free("r1");
    await settle();
    expect(waiting.value).toBeDefined();
  });

  it("does not wait for a permission", async () => {
    const host = new FakeHost(loaded);
    host.refusals.push("not-permitted");
    const kazashi = await connect({ host });
    await expect(kazashi.card()).rejects.toMatchObject({ code: "not-permitted" });
  });

  it("takes the card of the reader that was named", async () => {
    const host = new FakeHost(loaded, { id: "r2", cardPresent: false });
    const kazashi = await connect({ host });
    const waiting = follow(kazashi.card({ reader: "r2" }));
    await settle();
    host.insert("r2");
    await settle();
    expect(waiting.value).toBeDefined();
    expect(host.acquire.mock.calls).toEqual([["r2"]]);
  });

  it("tries the other reader if one is busy", async () => {
    const host = new FakeHost(loaded, { id: "r2", cardPresent: true });
    host.refusals.push("reader-busy");
    const kazashi = await connect({ host });
    await kazashi.card();
    expect(host.acquire.mock.calls).toEqual([["r1"], ["r2"]]);
  });

  it("passes over a card of another kind if another reader has a My Number Card", async () => {
    const host = new FakeHost(loaded, { id: "r2", cardPresent: true });
    host.foreign.add("r1");
    const kazashi = await connect({ host });
    const card = await kazashi.card();
    const [staff, own] = host.channels;
    expect(card.signal).toBe(own?.signal);
    expect(staff?.release).toHaveBeenCalledOnce();
    expect(own?.release).not.toHaveBeenCalled();
  });

  it("takes a card of another kind if there is nothing else", async () => {
    const host = new FakeHost(loaded, { id: "r2", cardPresent: true });
    host.foreign.add("r1").add("r2");
    const kazashi = await connect({ host });
    const card = await kazashi.card();
    const [one, other] = host.channels;
    expect(card.signal).toBe(other?.signal);
    expect(one?.release).toHaveBeenCalledOnce();
  });

  it("waits for a busy reader rather than take a card of another kind", async () => {
    const host = new FakeHost(loaded, { id: "r2", cardPresent: true });
    host.foreign.add("r2");
    host.refusals.push("reader-busy");
    const kazashi = await connect({ host });
    const waiting = follow(kazashi.card());
    await settle();
    expect(waiting.value).toBeUndefined();
    expect(host.channels[0]?.release).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(600);
    expect(waiting.value?.signal).toBe(host.channels[1]?.signal);
    expect(host.acquire.mock.calls).toEqual([["r1"], ["r2"], ["r1"]]);
  });

  it("gives a card of another kind back if the next reader is not permitted", async () => {
    const host = new FakeHost(loaded, { id: "r2", cardPresent: true });
    host.foreign.add("r1");
    const kazashi = await connect({ host });
    host.acquire.mockImplementationOnce(async () => {
      host.refusals.push("not-permitted");
      const channel = new FakeChannel(true);
      host.channels.push(channel);
      return channel;
    });
    await expect(kazashi.card()).rejects.toMatchObject({ code: "not-permitted" });
    expect(host.channels[0]?.release).toHaveBeenCalledOnce();
  });

  it("is aborted by its signal", async () => {
    const kazashi = await connect({ host: new FakeHost(empty) });
    const patience = new AbortController();
    const waiting = kazashi.card({ signal: patience.signal });
    patience.abort("enough");
    await expect(waiting).rejects.toMatchObject({ code: "aborted", cause: "enough" });
    await expect(kazashi.card({ signal: patience.signal })).rejects.toMatchObject({
      code: "aborted",
    });
  });

  it("runs into the time limit of its signal", async () => {
    const kazashi = await connect({ host: new FakeHost(empty) });
    vi.useRealTimers();
    const waiting = kazashi.card({ signal: AbortSignal.timeout(1) });
    await expect(waiting).rejects.toMatchObject({ code: "timeout" });
  });

  it("is aborted when the page closes the connection", async () => {
    const page = new AbortController();
    const kazashi = await connect({ host: new FakeHost(empty), signal: page.signal });
    const waiting = kazashi.card();
    page.abort();
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
  });

  it("gives back a lease that comes after the abort", async () => {
    const host = new FakeHost(loaded);
    const kazashi = await connect({ host });
    const patience = new AbortController();
    const waiting = kazashi.card({ signal: patience.signal });
    patience.abort();
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    await settle();
    expect(host.channels).toHaveLength(1);
    expect(host.channels[0]?.release).toHaveBeenCalledOnce();
  });

  it("looks for itself where the host tells nothing", async () => {
    const host = new FakeHost();
    host.scopes = ["authenticate"];
    host.refusals.push("no-smartcard");
    const kazashi = await connect({ host });
    const waiting = follow(kazashi.card());
    await vi.advanceTimersByTimeAsync(600);
    host.readers = async () => [{ id: "r1" }];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(waiting.value).toBeUndefined();
    host.free("r1");
    await settle();
    expect(waiting.value).toBeDefined();
  });

  it("waits while the page is hidden", async () => {
    const document = Object.assign(new EventTarget(), { visibilityState: "hidden" });
    vi.stubGlobal("document", document);
    const host = new FakeHost(loaded);
    const kazashi = await connect({ host });
    const waiting = follow(kazashi.card());
    await vi.advanceTimersByTimeAsync(60_000);
    expect(host.acquire).not.toHaveBeenCalled();
    document.visibilityState = "visible";
    document.dispatchEvent(new Event("visibilitychange"));
    await settle();
    expect(waiting.value).toBeDefined();
  });

  it("waits while the bridge is away", async () => {
    const host = new FakeHost(loaded);
    const kazashi = await connect({ host });
    host.disconnect();
    const waiting = follow(kazashi.card());
    await vi.advanceTimersByTimeAsync(60_000);
    expect(host.acquire).not.toHaveBeenCalled();
    host.connect(loaded);
    await settle();
    expect(waiting.value).toBeDefined();
  });
});

describe("cards()", () => {
  it("gives a card one turn for each insertion", async () => {
    const host = new FakeHost(loaded);
    const { turns } = takeTurns(await connect({ host }));
    await settle();
    turns[0]?.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(turns).toHaveLength(1);
    expect(host.channels[0]?.release).toHaveBeenCalledOnce();
    host.remove("r1");
    host.insert("r1");
    await settle();
    expect(turns).toHaveLength(2);
  });

  it("gives a turn to the card that came during the turn of another", async () => {
    const host = new FakeHost(loaded);
    const { turns } = takeTurns(await connect({ host }));
    await settle();
    host.remove("r1");
    host.insert("r1");
    await settle();
    expect(turns).toHaveLength(1);
    turns[0]?.end();
    await settle();
    expect(turns).toHaveLength(2);
  });

  it("never serves a card of another kind that lies beside", async () => {
    const host = new FakeHost(loaded, { id: "r2", cardPresent: true });
    host.foreign.add("r1");
    const { turns } = takeTurns(await connect({ host }));
    for (const turn of [1, 2, 3]) {
      await settle();
      expect(turns).toHaveLength(turn);
      turns.at(-1)?.end();
      host.remove("r2");
      host.insert("r2");
    }
    expect(host.acquire.mock.calls).toEqual([["r1"], ["r2"], ["r2"], ["r2"]]);
  });

  it("serves each reader in its turn", async () => {
    const host = new FakeHost(loaded, { id: "r2", cardPresent: true });
    await afterOneTurn(host);
    expect(host.acquire.mock.calls).toEqual([["r1"], ["r2"]]);
  });

  it("gives no second turn to a card that stayed while the bridge was away", async () => {
    const host = new FakeHost(loaded);
    await afterOneTurn(host);
    host.disconnect();
    host.connect(loaded, { id: "r2", cardPresent: true });
    await settle();
    expect(host.acquire.mock.calls).toEqual([["r1"], ["r2"]]);
  });

  it("gives a turn to the card that was put there while the bridge was away", async () => {
    const host = new FakeHost(loaded);
    const turns = await afterOneTurn(host);
    host.disconnect();
    host.connect({ ...loaded, insertion: "another" });
    await settle();
    expect(turns).toHaveLength(2);
  });

  it("gives no second turn to a card whose reader was away for a moment", async () => {
    const host = new FakeHost(loaded);
    const turns = await afterOneTurn(host);
    host.disconnect();
    host.connect();
    host.disconnect();
    host.connect({ ...loaded });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(turns).toHaveLength(1);
  });

  it("goes by what a host reports where that names no stays", async () => {
    const host = new FakeHost({ id: "r1", cardPresent: true });
    const { turns } = takeTurns(await connect({ host }));
    await settle();
    turns[0]?.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(turns).toHaveLength(1);
  });

  it("releases a card whose turn fails, and one that ends the loop", async () => {
    const host = new FakeHost(loaded);
    const kazashi = await connect({ host });
    const failing = (async () => {
      for await (const _ of kazashi.cards()) throw new Error("a fault of the page");
    })();
    await expect(failing).rejects.toThrow("a fault of the page");
    for await (const _ of kazashi.cards()) break;
    expect(host.channels.map(({ release }) => release.mock.calls.length)).toEqual([1, 1]);
  });

  it("ends with the connection, and with its own signal", async () => {
    const page = new AbortController();
    const kazashi = await connect({ host: new FakeHost(empty), signal: page.signal });
    const own = new AbortController();
    const first = takeTurns(kazashi, { signal: own.signal });
    const second = takeTurns(kazashi);
    await settle();
    own.abort();
    await first.loop;
    page.abort();
    await second.loop;
    expect([first.turns, second.turns]).toEqual([[], []]);
  });

  it("can be left while it waits", async () => {
    const host = new FakeHost(empty);
    const kazashi = await connect({ host });
    const cards = kazashi.cards();
    const waiting = cards.next();
    await settle();
    expect(await cards.return()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    host.insert("r1");
    await settle();
    expect(host.acquire).not.toHaveBeenCalled();
  });

  it("needs to be told of cards", async () => {
    const host = new FakeHost(loaded);
    host.scopes = ["authenticate"];
    const { loop } = takeTurns(await connect({ host }));
    await expect(loop).rejects.toMatchObject({ code: "not-permitted" });
  });
});

describe("a card", () => {
  type Held = Awaited<ReturnType<typeof cardOf>>;
  const cardOf = async () => {
    const page = new AbortController();
    const host = new FakeHost(loaded);
    const kazashi = await connect({ host, signal: page.signal });
    const card = await kazashi.card();
    const channel = host.channels[0];
    if (!channel) throw new Error("no channel");
    return { page, card, channel };
  };

  it("is released once, and of no use afterwards", async () => {
    const { card, channel } = await cardOf();
    await card.release();
    await card.release();
    expect(channel.release).toHaveBeenCalledOnce();
    await expect(card.pinStatus()).rejects.toMatchObject({ code: "lease-lost" });
    expect(channel.ask).not.toHaveBeenCalled();
  });

  it("is released without complaint even if the bridge complains", async () => {
    const { card, channel } = await cardOf();
    channel.release.mockRejectedValue({ code: "lease-lost" });
    await card.release();
    expect(channel.release).toHaveBeenCalledOnce();
  });

  it("is released at the end of the block", async () => {
    const { card, channel } = await cardOf();
    await card[Symbol.asyncDispose]();
    expect(channel.release).toHaveBeenCalledOnce();
  });

  it("is released when the page closes the connection", async () => {
    const { page, channel } = await cardOf();
    page.abort();
    expect(channel.release).toHaveBeenCalledOnce();
  });

  it("that is lost says why, and need not be released", async () => {
    const { card, channel } = await cardOf();
    const error = Object.assign(new Error(), { code: "removed-card" });
    channel.lost.abort(error);
    expect(card.signal.aborted).toBe(true);
    await expect(card.pinStatus()).rejects.toMatchObject({ cause: error });
    await card.release();
    expect(channel.release).not.toHaveBeenCalled();
  });

  it("says why it is lost also to a call that is under way", async () => {
    const { card, channel } = await cardOf();
    channel.ask.mockImplementation(() => {
      channel.lost.abort(new KazashiError("removed-card"));
      return Promise.reject({ code: "lease-lost" });
    });
    await expect(card.pinStatus()).rejects.toMatchObject({ code: "removed-card" });
  });

  it.each([
    ["lease-lost", ({ card }: Held) => card.release()],
    ["removed-card", ({ channel }: Held) => channel.lost.abort(new KazashiError("removed-card"))],
    ["aborted", ({ page }: Held) => page.abort()],
  ])("ends a call that is under way, and its flow: %s", async (code, end) => {
    const held = await cardOf();
    let answer = (_: CardAnswer) => {};
    held.channel.ask.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
    const asked = follow(held.card.pinStatus());
    await settle();
    end(held);
    await settle();
    expect(asked.error).toMatchObject({ name: "KazashiError", code });
    answer({ type: "response", response: "9000" });
    await settle();
    expect(held.channel.ask).toHaveBeenCalledOnce();
  });

  it("ends a call by its own signal, and is released", async () => {
    const { card, channel } = await cardOf();
    channel.ask.mockImplementation(() => new Promise(() => {}));
    const patience = new AbortController();
    const asked = follow(card.pinStatus({ signal: patience.signal }));
    await settle();
    patience.abort("enough");
    await settle();
    expect(asked.error).toMatchObject({ name: "KazashiError", code: "aborted", cause: "enough" });
    expect(channel.release).toHaveBeenCalledOnce();
    await expect(card.pinStatus()).rejects.toMatchObject({ code: "lease-lost" });
  });

  it("stays if a call is given up before its turn", async () => {
    const { card, channel } = await cardOf();
    channel.ask.mockImplementation(() => new Promise(() => {}));
    const first = follow(card.pinStatus());
    const patience = new AbortController();
    const second = card.pinStatus({ signal: patience.signal });
    patience.abort();
    await expect(second).rejects.toMatchObject({ code: "aborted" });
    const { signal } = patience;
    await expect(card.pinStatus({ signal })).rejects.toMatchObject({ code: "aborted" });
    expect(channel.ask).toHaveBeenCalledOnce();
    expect(channel.release).not.toHaveBeenCalled();
    expect(first).toEqual({});
  });

  it("keeps nothing on the signal of a call that is over", async () => {
    const { card, channel } = await cardOf();
    channel.ask.mockResolvedValue({ type: "response", response: "6A82" });
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, "addEventListener");
    const removed = vi.spyOn(signal, "removeEventListener");
    await card.pinStatus({ signal }).catch(() => {});
    for (const [, listener, options] of added.mock.calls) {
      const isOver = (options as AddEventListenerOptions | undefined)?.signal?.aborted;
      expect(isOver ?? removed.mock.calls.some(([, it]) => it === listener)).toBe(true);
    }
  });

  it("takes one call after another, whatever becomes of them", async () => {
    const { card, channel } = await cardOf();
    const answers: ((response: CardAnswer) => void)[] = [];
    channel.ask.mockImplementation(() => new Promise((answer) => answers.push(answer)));
    const first = card.pinStatus();
    const second = follow(card.pinStatus());
    await settle();
    expect(answers).toHaveLength(1);
    answers[0]?.({ type: "response", response: "6A82" });
    await expect(first).rejects.toMatchObject({ code: "unsupported-card" });
    await settle();
    expect(answers).toHaveLength(2);
    expect(second).toEqual({});
  });
});

describe("events", () => {
  it("tell of readers and cards, and readers keeps up with them", async () => {
    const inserted = { ...loaded, insertion: "insertion 1" };
    const host = new FakeHost();
    const kazashi = await connect({ host });
    const told: unknown[] = [];
    const types = ["card-inserted", "card-removed", "reader-added", "reader-removed"] as const;
    for (const type of types) {
      kazashi.addEventListener(type, ({ reader }: KazashiEventMap[typeof type]) =>
        told.push([type, reader, kazashi.readers]),
      );
    }
    host.plug("r1");
    host.insert("r1");
    host.remove("r1");
    host.unplug("r1");
    expect(told).toEqual([
      ["reader-added", empty, [empty]],
      ["card-inserted", inserted, [inserted]],
      ["card-removed", empty, [empty]],
      ["reader-removed", empty, []],
    ]);
  });

  it("change the list of readers, which is the same until then", async () => {
    const host = new FakeHost(loaded);
    const kazashi = await connect({ host });
    const before = kazashi.readers;
    expect(kazashi.readers).toBe(before);
    host.connect(loaded);
    await settle();
    expect(kazashi.readers).toBe(before);
    host.remove("r1");
    expect(kazashi.readers).not.toBe(before);
    expect(kazashi.readers).toBe(kazashi.readers);
  });

  it("tell of the bridge; without it there are no readers", async () => {
    const host = new FakeHost(loaded);
    const kazashi = await connect({ host });
    const told: unknown[] = [];
    for (const type of ["connected", "disconnected"] as const) {
      kazashi.addEventListener(type, () => told.push([type, kazashi.readers]));
      kazashi.addEventListener(type, () => expect(kazashi.state).toBe(type));
    }
    host.disconnect();
    host.connect(empty);
    await settle();
    expect(told).toEqual([
      ["disconnected", []],
      ["connected", [empty]],
    ]);
  });

  it("never tell of a bridge that is gone again", async () => {
    const host = new FakeHost(loaded);
    const kazashi = await connect({ host });
    const told = vi.fn();
    kazashi.addEventListener("connected", told);
    host.disconnect();
    host.connect(loaded);
    // While the readers are looked at.
    host.disconnect();
    await settle();
    expect(kazashi.state).toBe("disconnected");
    vi.spyOn(host, "readers").mockRejectedValueOnce(new KazashiError("disconnected"));
    host.connect(loaded);
    await settle();
    expect(kazashi.state).toBe("disconnected");
    expect(told).not.toHaveBeenCalled();
    host.connect(loaded);
    await settle();
    expect(kazashi.state).toBe("connected");
    expect(told).toHaveBeenCalledOnce();
  });

  it("name the stay of each card that is handed out", async () => {
    const host = new FakeHost(loaded);
    const turns = await afterOneTurn(host);
    host.remove("r1");
    host.insert("r1");
    await settle();
    expect(turns.map(({ card }) => card.reader.insertion)).toEqual(["the first", "insertion 1"]);
  });
});
