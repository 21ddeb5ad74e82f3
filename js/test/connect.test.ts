import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { connect, diagnose, KazashiError } from "../src/index.js";
import { loadModule } from "../src/module.js";
import { FakeHost } from "./fake-host.js";
import { FakeWebSocket } from "./fake-web-socket.js";
import { settle } from "./vectors.js";

let page: EventTarget;

beforeAll(() => loadModule());
beforeEach(() => {
  page = new EventTarget();
  FakeWebSocket.opened.length = 0;
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeWebSocket);
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const readers = [{ id: "r1", cardPresent: true }];
const answers: Record<string, object> = {
  hello: {
    type: "hello",
    version: "kazashi-bridge 0.1.0",
    scopes: ["events", "authenticate"],
    nativePinEntry: true,
  },
  watch: { type: "readers", readers },
  "list-readers": { type: "readers", readers },
  acquire: { type: "acquired", lease: "l1" },
  release: { type: "released" },
};

/** Lets the last socket open, with a bridge behind it that answers. */
async function serve(): Promise<FakeWebSocket> {
  await settle();
  const socket = FakeWebSocket.last;
  socket.answer = ({ type }) => answers[type];
  socket.accept();
  await settle();
  return socket;
}

async function connected(options: Parameters<typeof connect>[0] = {}) {
  const connecting = connect(options);
  const socket = await serve();
  return { kazashi: await connecting, socket };
}

const types = (socket: FakeWebSocket): string[] => socket.sent.map(({ type }) => type);
const urls = (): string[] => FakeWebSocket.opened.map(({ url }) => url);

/** Where bridges are, in order. */
const addresses = ["7390", "7391", "7392", "7393"].map((port) => `ws://127.0.0.1:2${port}`);

/** Has nobody answer the last socket, with this to be told by the browser before. */
async function refuse(happens: () => void = () => {}): Promise<void> {
  happens();
  FakeWebSocket.last.fail();
  await settle();
}

/** Has nobody answer the last socket, nor any that is opened in its place. */
async function refuseAll(happens?: () => void): Promise<void> {
  for (let last: FakeWebSocket | undefined; last !== FakeWebSocket.last; ) {
    last = FakeWebSocket.last;
    await refuse(happens);
  }
}

/** Has the browser know a permission of this name, in this state. */
function permission(known: string, state: PermissionState): void {
  const query = vi.fn(async ({ name }: { name: string }) => {
    if (name !== known) throw new TypeError(`no permission is called ${name}`);
    return { state };
  });
  vi.stubGlobal("navigator", { permissions: { query } });
  vi.stubGlobal("location", { hostname: "portal.example" });
  govern(() => true);
}

/** Has the document be one of Chromium, whose policy allows this. */
function govern(allowsFeature: (name: string) => boolean): void {
  const document = Object.assign(new EventTarget(), { featurePolicy: { allowsFeature } });
  vi.stubGlobal("document", document);
}

function violation(blockedURI: string, disposition = "enforce"): void {
  const event = new Event("securitypolicyviolation");
  page.dispatchEvent(Object.assign(event, { blockedURI, disposition }));
}

/** The page's policy forbids where the last socket goes. */
const forbidden = () => violation(`${FakeWebSocket.last.url}/`);

describe("connect()", () => {
  it("speaks with the bridge on this workstation", async () => {
    const { kazashi, socket } = await connected();
    expect(socket.url).toBe("ws://127.0.0.1:27390");
    expect(types(socket)).toEqual(["hello", "watch", "list-readers"]);
    expect(kazashi.readers).toEqual(readers);
    expect(kazashi.scopes).toEqual(["events", "authenticate"]);
  });

  it("says what it is going to do, also when it connects again", async () => {
    const { socket } = await connected({ scopes: ["events", "authenticate"] });
    const protocols = ["kazashi.v1", "kazashi.scope.events", "kazashi.scope.authenticate"];
    expect(socket.protocols).toEqual(protocols);
    socket.fail();
    await vi.advanceTimersByTimeAsync(500);
    expect(FakeWebSocket.opened).toHaveLength(2);
    expect(FakeWebSocket.last.protocols).toEqual(protocols);
  });

  it("speaks with the bridge at the address given", async () => {
    const { socket } = await connected({ url: "ws://127.0.0.1:27391" });
    expect(socket.url).toBe("ws://127.0.0.1:27391");
  });

  it("does not try again if there is no bridge", async () => {
    const connecting = connect();
    await settle();
    const failed = connecting.catch((error) => error);
    await refuseAll();
    const error = await failed;
    expect(error).toBeInstanceOf(KazashiError);
    expect(error.code).toBe("bridge-unreachable");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeWebSocket.opened).toHaveLength(4);
  });

  it("does not speak with another program", async () => {
    const connecting = connect();
    await settle();
    FakeWebSocket.last.accept("");
    await expect(connecting).rejects.toMatchObject({ code: "version-mismatch" });
  });

  it("waits for so long", async () => {
    vi.useRealTimers();
    await expect(connect({ timeout: 1 })).rejects.toMatchObject({ code: "timeout" });
    expect(FakeWebSocket.last.isClosed).toBe(true);
  });

  it("is aborted while it waits, and before", async () => {
    const controller = new AbortController();
    const connecting = connect({ signal: controller.signal });
    await settle();
    controller.abort();
    await expect(connecting).rejects.toMatchObject({ code: "aborted" });
    expect(FakeWebSocket.last.isClosed).toBe(true);
    await expect(connect({ signal: controller.signal })).rejects.toMatchObject({ code: "aborted" });
    expect(FakeWebSocket.opened).toHaveLength(1);
  });

  it("closes again if the readers cannot be seen", async () => {
    const connecting = connect();
    await settle();
    const socket = FakeWebSocket.last;
    socket.answer = ({ type }) =>
      type === "hello" ? answers[type] : { type: "error", code: "no-service" };
    socket.accept();
    await expect(connecting).rejects.toMatchObject({ code: "no-service" });
    expect(socket.isClosed).toBe(true);
  });

  it("is closed by the page, and gives back what is leased", async () => {
    const { kazashi, socket } = await connected();
    expect(kazashi.state).toBe("connected");
    const card = await kazashi.card();
    kazashi.close();
    kazashi[Symbol.dispose]();
    expect(socket.isClosed).toBe(true);
    expect(kazashi).toMatchObject({ state: "closed", readers: [] });
    await expect(card.pinStatus()).rejects.toMatchObject({ code: "aborted" });
    await expect(kazashi.card()).rejects.toMatchObject({ code: "aborted" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeWebSocket.opened).toHaveLength(1);
  });

  it("works in a browser that cannot combine signals", async () => {
    const { any } = AbortSignal;
    Object.assign(AbortSignal, { any: undefined });
    onTestFinished(() => void Object.assign(AbortSignal, { any }));
    const { signal } = new AbortController();
    const { kazashi } = await connected({ signal });
    await kazashi.card({ signal });
    for (const options of [{}, { signal }]) {
      const diagnosing = diagnose(options);
      await serve();
      expect(await diagnosing).toMatchObject({ code: "ok" });
    }
  });

  it("leaves no listener behind on the page's signal", async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, "addEventListener");
    const host = new FakeHost();
    host.watch.mockRejectedValue({ code: "not-permitted" });
    await expect(connect({ host, signal })).rejects.toMatchObject({ code: "not-permitted" });
    for (const [, , options] of added.mock.calls) {
      expect((options as AddEventListenerOptions).signal?.aborted).toBe(true);
    }
    expect(added).toHaveBeenCalled();
  });
});

describe("the port of this user's bridge", () => {
  /** Begins to connect, and catches what comes of it. */
  async function connecting(options?: Parameters<typeof connect>[0]) {
    const connected = connect(options).catch((error) => error);
    await settle();
    return { connected };
  }

  it("is the first at which a bridge answers, and nobody else is told anything", async () => {
    const { connected } = await connecting();
    for (const _ of [1, 2, 3]) await refuse();
    const socket = await serve();
    expect(await connected).toMatchObject({ state: "connected" });
    expect(urls()).toEqual(addresses);
    expect(FakeWebSocket.opened.filter(({ sent }) => sent.length > 0)).toEqual([socket]);
  });

  it("is not looked for if an address is given", async () => {
    const { connected } = await connecting({ url: "ws://127.0.0.1:27391" });
    await refuse();
    expect(await connected).toMatchObject({ code: "bridge-unreachable" });
    expect(urls()).toEqual(["ws://127.0.0.1:27391"]);
  });

  it.each([
    ["speaks another version", () => FakeWebSocket.last.accept(""), "version-mismatch"],
    [
      "refuses the page",
      () => {
        FakeWebSocket.last.accept();
        FakeWebSocket.last.receive({ type: "error", code: "origin-refused" });
      },
      "origin-refused",
    ],
  ])("is no further on than that of one that %s", async (_, answers, code) => {
    const { connected } = await connecting();
    await refuse();
    answers();
    expect(await connected).toMatchObject({ code });
    expect(urls()).toEqual(addresses.slice(0, 2));
  });

  it("is waited for no longer than asked, over all of them", async () => {
    const { connected } = await connecting({ timeout: 100 });
    vi.useRealTimers();
    await refuse();
    expect(await connected).toMatchObject({ code: "timeout" });
    expect(FakeWebSocket.last.isClosed).toBe(true);
    expect(urls()).toEqual(addresses.slice(0, 2));
  });

  it("is not looked for where the browser lets the page reach none", async () => {
    permission("loopback-network", "prompt");
    const { connected } = await connecting();
    await refuse();
    expect(await connected).toMatchObject({ code: "lna-prompt" });
    expect(urls()).toEqual(addresses.slice(0, 1));
  });

  it("may be one that the page's own policy forgets: none answers at the others", async () => {
    const { connected } = await connecting();
    await refuse();
    await refuseAll(forbidden);
    expect(await connected).toMatchObject({ code: "bridge-unreachable" });
    expect(urls()).toEqual(addresses);
  });

  it("is where it was when the connection is made again, or else at those that the policy names", async () => {
    const { connected } = await connecting();
    await refuse();
    await refuse(forbidden);
    const socket = await serve();
    await connected;
    FakeWebSocket.opened.length = 0;
    socket.fail();
    for (const pause of [500, 1000, 2000, 4000, 8000, 10_000]) {
      await vi.advanceTimersByTimeAsync(pause);
      await refuseAll();
    }
    expect(urls()).toEqual([2, 2, 2, 2, 2, 2, 0, 3].map((place) => addresses[place]));
    await vi.advanceTimersByTimeAsync(10_000);
    await refuse();
    expect((await serve()).url).toBe(addresses[0]);
  });
});

describe("a connection that the browser does not let through", () => {
  /** Fails to connect, with this to be told by the browser. */
  async function failed(happens?: () => void): Promise<unknown> {
    const connecting = connect().catch((error) => error);
    await settle();
    await refuseAll(happens);
    return await connecting;
  }

  it.each([
    ["loopback-network", "prompt", "lna-prompt"],
    ["loopback-network", "denied", "lna-denied"],
    ["loopback-network", "granted", "bridge-unreachable"],
    ["local-network-access", "prompt", "lna-prompt"],
    ["local-network-access", "denied", "lna-denied"],
    ["local-network-access", "granted", "bridge-unreachable"],
    ["geolocation", "denied", "bridge-unreachable"],
  ] as const)("%s is %s: %s", async (name, state, code) => {
    permission(name, state);
    expect(await failed()).toMatchObject({ name: "KazashiError", code });
  });

  it("is not said to wait for a question by Firefox, which may ask none", async () => {
    permission("loopback-network", "prompt");
    vi.stubGlobal("document", new EventTarget());
    expect(await failed()).toMatchObject({ code: "bridge-unreachable" });
  });

  it("is waited for no longer than asked while nobody answers the browser's question", async () => {
    vi.useRealTimers();
    permission("loopback-network", "prompt");
    await expect(connect({ timeout: 1 })).rejects.toMatchObject({ code: "lna-prompt" });
    expect(FakeWebSocket.last.isClosed).toBe(true);
  });

  it("is forbidden by the policy of a page around it, and nobody refused", async () => {
    permission("loopback-network", "denied");
    const allowsFeature = vi.fn(() => false);
    govern(allowsFeature);
    expect(await failed()).toMatchObject({ code: "permissions-policy-blocked" });
    expect(allowsFeature.mock.calls).toEqual([["loopback-network"]]);
    allowsFeature.mockReturnValue(true);
    expect(await failed()).toMatchObject({ code: "lna-denied" });
  });

  it.each(["localhost", "app.localhost", "127.0.0.1", "[::1]"])(
    "needs no permission from %s",
    async (hostname) => {
      permission("loopback-network", "prompt");
      vi.stubGlobal("location", { hostname });
      expect(await failed()).toMatchObject({ code: "bridge-unreachable" });
    },
  );

  it.each(["127.0.0.1.example", "127.example", "notlocalhost", "[2001:db8::1]"])(
    "needs a permission from %s",
    async (hostname) => {
      permission("loopback-network", "denied");
      vi.stubGlobal("location", { hostname });
      expect(await failed()).toMatchObject({ code: "lna-denied" });
    },
  );

  it("is forbidden by the page's own policy, whatever is permitted", async () => {
    permission("loopback-network", "prompt");
    expect(await failed(forbidden)).toMatchObject({ code: "csp-blocked" });
  });

  it("is not forbidden by a policy that forbids something else, or only reports", async () => {
    const error = await failed(() => {
      violation("https://elsewhere.example/");
      violation("inline");
      violation(`${FakeWebSocket.last.url}/`, "report");
    });
    expect(error).toMatchObject({ code: "bridge-unreachable" });
  });

  it.each([
    ["SecurityError", "unsupported-browser"],
    ["SyntaxError", "invalid-request"],
  ])("because of a %s is %s", async (name, code) => {
    vi.stubGlobal(
      "WebSocket",
      class {
        constructor() {
          throw new DOMException("", name);
        }
      },
    );
    await expect(connect()).rejects.toMatchObject({ code });
  });
});

describe("a connection that is lost", () => {
  it("is told, and made again with growing pauses", async () => {
    const { kazashi, socket } = await connected();
    const told: string[] = [];
    kazashi.addEventListener("disconnected", () => told.push("disconnected"));
    kazashi.addEventListener("connected", () => told.push("connected"));
    socket.fail();
    const attempts: number[] = [];
    for (const pause of [500, 1000, 2000, 4000, 8000, 10_000, 10_000]) {
      await vi.advanceTimersByTimeAsync(pause - 1);
      attempts.push(FakeWebSocket.opened.length);
      await vi.advanceTimersByTimeAsync(1);
      await refuseAll();
    }
    expect(attempts).toEqual([1, 2, 3, 4, 5, 6, 10]);
    await vi.advanceTimersByTimeAsync(10_000);
    const again = await serve();
    expect(types(again)).toEqual(["hello", "watch", "list-readers"]);
    expect(told).toEqual(["disconnected", "connected"]);
  });

  it("is told also to an origin that may not hear of cards", async () => {
    const hello = answers.hello;
    answers.hello = { ...hello, scopes: ["authenticate"] };
    const { kazashi, socket } = await connected();
    expect(types(socket)).toEqual(["hello", "list-readers"]);
    const told: string[] = [];
    kazashi.addEventListener("connected", () => told.push("connected"));
    socket.fail();
    await vi.advanceTimersByTimeAsync(500);
    expect(types(await serve())).toEqual(["hello", "list-readers"]);
    expect(told).toEqual(["connected"]);
    answers.hello = hello as object;
  });

  it("takes its cards with it", async () => {
    const { kazashi, socket } = await connected();
    const card = await kazashi.card();
    socket.fail();
    expect(card.signal.reason).toMatchObject({ code: "disconnected" });
    await vi.advanceTimersByTimeAsync(500);
    await serve();
    await expect(card.pinStatus()).rejects.toMatchObject({ code: "disconnected" });
  });

  it("fails a call that is under way", async () => {
    const { kazashi, socket } = await connected();
    const card = await kazashi.card();
    const asked = card.pinStatus();
    await settle();
    expect(types(socket).at(-1)).toBe("transmit");
    socket.fail();
    await expect(asked).rejects.toMatchObject({ code: "disconnected" });
  });
});

it("a lease that is lost is the loss of its card only", async () => {
  const { kazashi, socket } = await connected();
  const first = await kazashi.card();
  socket.answer = () => ({ type: "acquired", lease: "l2" });
  const second = await kazashi.card();
  socket.receive({ type: "lease-lost", lease: "l1", code: "removed-card" });
  expect(first.signal.reason).toMatchObject({ name: "KazashiError", code: "removed-card" });
  expect(second.signal.aborted).toBe(false);
});

it("a page that closes the connection is left alone", async () => {
  const controller = new AbortController();
  const { kazashi, socket } = await connected({ signal: controller.signal });
  const told = vi.fn();
  kazashi.addEventListener("disconnected", told);
  const card = await kazashi.card();
  controller.abort();
  socket.fail();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(socket.isClosed).toBe(true);
  expect(card.signal.aborted).toBe(true);
  expect(told).not.toHaveBeenCalled();
  expect(FakeWebSocket.opened).toHaveLength(1);
});

it("a page in the back-forward cache has no connection, and has one again when it is back", async () => {
  const { kazashi, socket } = await connected();
  const told: string[] = [];
  kazashi.addEventListener("connected", () => told.push("connected"));
  page.dispatchEvent(new Event("pagehide"));
  expect(socket.isClosed).toBe(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeWebSocket.opened).toHaveLength(1);
  page.dispatchEvent(new Event("pageshow"));
  await serve();
  expect(told).toEqual(["connected"]);
});
