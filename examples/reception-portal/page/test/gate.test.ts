import { KazashiError, type PresenceProof } from "kazashi";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { base64 } from "../src/api.ts";
import { Gate } from "../src/gate/gate.ts";
import { PortalError } from "../src/portal-error.ts";
import { FakeServer, type Visitor, visitor } from "./fake-server.ts";
import { MemoryStorage } from "./memory-storage.ts";

const realSetTimeout = setTimeout;

/** Lets things happen that wait for no timer of the test, until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => realSetTimeout(resolve));
}

/** The card of a visitor. It asks for the birth date as a real one's flow does. */
function cardOf({ certificate }: Visitor) {
  const readCertificate = vi.fn(async () => ({ der: certificate }));
  const provePresence = vi.fn(async ({ birthDate }): Promise<PresenceProof> => {
    await birthDate(certificate);
    const unverifiedCertificate = base64(certificate);
    return { unverifiedCertificate } as PresenceProof;
  });
  return { readCertificate, provePresence } as unknown as Parameters<Gate["check"]>[0] & {
    readCertificate: typeof readCertificate;
    provePresence: typeof provePresence;
  };
}

const closed: AbortController[] = [];

/** A gate that has met its server, if that is there. */
async function open(server: FakeServer, storage: Storage = new MemoryStorage()): Promise<Gate> {
  const controller = new AbortController();
  closed.push(controller);
  const gate = new Gate("E", server, storage, () => {});
  await gate.connection.meet();
  void gate.connection.keep(controller.signal);
  return gate;
}

function close(): void {
  for (const controller of closed.splice(0)) controller.abort();
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  vi.setSystemTime("2026-11-25T09:00:00Z");
});
afterEach(() => {
  close();
  vi.useRealTimers();
});

/** The server can be reached again, and the gate finds it. */
async function reunite(gate: Gate, server: FakeServer): Promise<void> {
  server.network = "up";
  await vi.advanceTimersByTimeAsync(15_000);
  await until(() => gate.connection.isUp);
}

const settled = (server: FakeServer) => server.asked.filter((what) => what.startsWith("settle"));

describe("with the server", () => {
  it("admits a ticket once", async () => {
    const [holder] = [visitor(1)];
    const gate = await open(new FakeServer([holder]));
    const first = await gate.check(cardOf(holder));
    expect(first).toEqual({ outcome: "admitted", ticket: "A-1", by: "server", isAgain: false });
    const second = await gate.check(cardOf(holder));
    expect(second).toMatchObject({ outcome: "refused", because: "already-admitted" });
    expect(gate.counts).toEqual({ admitted: 1, refused: 1 });
  });

  it("refuses a card that proves nobody's presence, and leaves other troubles to the staff", async () => {
    const gate = await open(new FakeServer([visitor(1)]));
    const card = cardOf(visitor(1));
    card.provePresence.mockRejectedValueOnce(new KazashiError("unsupported-card"));
    expect(await gate.check(card)).toMatchObject({ because: "unsupported-card", by: "card" });
    expect(gate.counts).toEqual({ admitted: 0, refused: 1 });
    card.provePresence.mockRejectedValueOnce(new KazashiError("removed-card"));
    await expect(gate.check(card)).rejects.toThrow("removed-card");
    expect(gate.counts).toEqual({ admitted: 0, refused: 1 });
  });

  it("refuses who is not enrolled, and who has no ticket", async () => {
    const stranger = visitor(1, { birthDate: undefined });
    const guest = visitor(2, { ticket: undefined });
    const server = new FakeServer([stranger, guest]);
    const gate = await open(server);
    expect(await gate.check(cardOf(stranger))).toMatchObject({ because: "not-enrolled" });
    expect(server.asked).not.toContain("enter");
    expect(await gate.check(cardOf(guest))).toMatchObject({ because: "no-ticket" });
  });

  it("refuses a card that the server does not believe", async () => {
    const holder = visitor(1);
    const server = new FakeServer([holder]);
    const gate = await open(server);
    server.enter = async () => Promise.reject(new PortalError("certificate-revoked"));
    expect(await gate.check(cardOf(holder))).toMatchObject({
      outcome: "refused",
      because: "certificate-revoked",
    });
    expect(gate.connection.isUp).toBe(true);
  });

  it("takes a new nonce, once, if the one in hand is forgotten", async () => {
    const holder = visitor(1);
    const server = new FakeServer([holder]);
    const gate = await open(server);
    const enter = server.enter.bind(server);
    const forget = vi.fn().mockRejectedValueOnce(new PortalError("nonce-expired"));
    server.enter = async (...sent) => (await forget()) ?? (await enter(...sent));
    expect(await gate.check(cardOf(holder))).toMatchObject({ outcome: "admitted" });
    forget.mockRejectedValue(new PortalError("nonce-expired"));
    expect(await gate.check(cardOf(holder))).toMatchObject({ because: "nonce-expired" });
    expect(forget).toHaveBeenCalledTimes(4);
  });

  it("tells the staff that they are signed out, and lets nobody in by the list", async () => {
    const holder = visitor(1);
    const server = new FakeServer([holder]);
    const gate = await open(server);
    server.birthDate = async () => Promise.reject(new PortalError("signed-out"));
    await expect(gate.check(cardOf(holder))).rejects.toThrow("signed-out");
    expect(gate.entries.waiting).toEqual([]);
  });

  it("asks for no nonce while a card waits", async () => {
    const holders = [visitor(1), visitor(2)];
    const server = new FakeServer(holders);
    const gate = await open(server);
    for (const holder of holders) {
      server.asked.length = 0;
      await gate.check(cardOf(holder));
      expect(server.asked.slice(0, 2)).toEqual(["birth-date", "enter"]);
    }
  });

  it("leaves the times of the last check only", async () => {
    const holders = [visitor(1), visitor(2)];
    const gate = await open(new FakeServer(holders));
    for (const holder of holders) await gate.check(cardOf(holder));
    for (const part of ["check", "presence", "arrival", "entry"]) {
      expect(performance.getEntriesByName(`gate:${part}`)).toHaveLength(1);
    }
  });

  it("lets errors of the card through, and stays connected", async () => {
    const holder = visitor(1);
    const gate = await open(new FakeServer([holder]));
    const card = cardOf(holder);
    card.provePresence.mockRejectedValue(new Error("removed-card"));
    await expect(gate.check(card)).rejects.toThrow("removed-card");
    expect(gate.connection.isUp).toBe(true);
    expect(gate.counts).toEqual({ admitted: 0, refused: 0 });
  });
});

describe("without the server", () => {
  it("admits by the list, once", async () => {
    const holder = visitor(1);
    const server = new FakeServer([holder]);
    const gate = await open(server);
    server.network = "down";
    const admitted = { outcome: "admitted", ticket: "A-1", by: "list", isAgain: false };
    expect(await gate.check(cardOf(holder))).toEqual(admitted);
    const again = await gate.check(cardOf(holder));
    expect(again).toMatchObject({ because: "already-admitted", by: "list" });
    expect(gate.entries.waiting).toHaveLength(1);
  });

  it("tries the server for the first visitor only, and reads the certificate once", async () => {
    const holders = [visitor(1), visitor(2)];
    const server = new FakeServer(holders);
    const gate = await open(server);
    server.network = "down";
    const [first, second] = holders.map(cardOf);
    await gate.check(first as never);
    expect(first?.readCertificate).not.toHaveBeenCalled();
    server.asked.length = 0;
    await gate.check(second as never);
    expect(second?.provePresence).not.toHaveBeenCalled();
    expect(server.asked).toEqual([]);
  });

  it("refuses who is not on the list, was let in before, or whose certificate has ended", async () => {
    const [early, late, ended] = [visitor(1), visitor(2), visitor(3, { expires: "2026-11-25" })];
    const server = new FakeServer([early, late, ended]);
    server.admitElsewhere("A-1");
    const gate = await open(server);
    server.network = "down";
    const because = async (holder: Visitor) => await gate.check(cardOf(holder));
    expect(await because(visitor(9))).toMatchObject({ because: "no-ticket" });
    expect(await because(early)).toMatchObject({ because: "already-admitted" });
    expect(await because(ended)).toMatchObject({ because: "certificate-expired" });
    expect(gate.entries.waiting).toEqual([]);
  });

  it("decides nothing without a list", async () => {
    const server = new FakeServer([visitor(1)]);
    server.network = "down";
    const gate = await open(server);
    expect(await gate.check(cardOf(visitor(1)))).toEqual({ outcome: "undecided" });
  });

  it("lets nobody in whose entry cannot be kept", async () => {
    const holder = visitor(1);
    const server = new FakeServer([holder]);
    const gate = await open(server, new MemoryStorage(0));
    server.network = "down";
    await expect(gate.check(cardOf(holder))).rejects.toThrow("full");
    expect(gate.counts.admitted).toBe(0);
  });

  it("keeps nothing of the card", async () => {
    const holder = visitor(1);
    const server = new FakeServer([holder]);
    const storage = new MemoryStorage();
    const gate = await open(server, storage);
    server.network = "down";
    await gate.check(cardOf(holder));
    const kept = JSON.parse(storage.getItem(storage.key(0) ?? "") ?? "");
    expect(Object.keys(kept).sort()).toEqual(["at", "event", "id", "ticket"]);
  });
});

describe("a refusal of the server's", () => {
  it("holds without the server too, until it says otherwise", async () => {
    const holder = visitor(1);
    const server = new FakeServer([holder]);
    const gate = await open(server);
    const enter = server.enter.bind(server);
    server.enter = async () => Promise.reject(new PortalError("certificate-revoked"));
    await gate.check(cardOf(holder));
    server.network = "down";
    server.enter = enter;
    expect(await gate.check(cardOf(holder))).toMatchObject({
      because: "certificate-revoked",
      by: "list",
    });
    expect(gate.entries.waiting).toEqual([]);
    await reunite(gate, server);
    expect(await gate.check(cardOf(holder))).toMatchObject({ outcome: "admitted", by: "server" });
  });

  it("is heard of afterwards where the list let somebody in, by the certificate of the card", async () => {
    const [good, revoked] = [visitor(1), visitor(2)];
    const server = new FakeServer([good, revoked]);
    const storage = new MemoryStorage();
    const gate = await open(server, storage);
    server.network = "down";
    for (const holder of [good, revoked]) {
      expect(await gate.check(cardOf(holder))).toMatchObject({ outcome: "admitted" });
    }
    for (let index = 0; index < storage.length; index += 1) {
      expect(storage.getItem(storage.key(index) ?? "")).not.toContain("certificate");
    }
    server.revoked.add(revoked);
    await reunite(gate, server);
    expect(gate.entries.refused).toMatchObject([{ ticket: "A-2", refusal: "certificate-revoked" }]);
    expect([...server.admitted.values()]).toEqual(["A-1"]);
    // Nor does the list have them any more.
    server.network = "down";
    gate.connection.lose();
    expect(await gate.check(cardOf(revoked))).toMatchObject({ because: "no-ticket", by: "list" });
  });
});

describe("the time", () => {
  it("is the server's, and staff are told that this machine's is wrong", async () => {
    const [holder, ended] = [visitor(1), visitor(2, { expires: "2026-11-25T08:59:59Z" })];
    const server = new FakeServer([holder, ended]);
    const gate = await open(server);
    expect(gate.isClockWrong).toBe(false);
    server.network = "down";
    gate.connection.lose();
    for (const wrong of ["2050-01-01T00:00:00Z", "2001-01-01T00:00:00Z"]) {
      vi.setSystemTime(wrong);
      expect(gate.isClockWrong).toBe(true);
      expect(await gate.check(cardOf(ended))).toMatchObject({ because: "certificate-expired" });
    }
    expect(await gate.check(cardOf(holder))).toMatchObject({ outcome: "admitted", by: "list" });
    expect(gate.entries.waiting[0]?.at).toMatch(/^2026-11-25T09:00/);
  });
});

describe("an entry by mistake", () => {
  it("is given back, and its ticket admits again", async () => {
    const holder = visitor(1);
    const server = new FakeServer([holder]);
    const gate = await open(server);
    for (const network of ["up", "down"] as const) {
      server.network = network;
      if (network === "down") gate.connection.lose();
      await gate.check(cardOf(holder));
      expect(gate.counts.admitted).toBe(1);
      const [admission] = gate.recent;
      expect(admission).toMatchObject({ ticket: "A-1" });
      if (admission) await gate.giveBack(admission);
      expect(gate.recent).toEqual([]);
      expect(gate.counts.admitted).toBe(0);
    }
    // What was taken back without the server is told of, and taken back there.
    expect(await gate.check(cardOf(holder))).toMatchObject({ outcome: "admitted" });
    await reunite(gate, server);
    expect(gate.entries.waiting).toEqual([]);
    expect(gate.entries.refused).toEqual([]);
    expect([...server.admitted.values()]).toEqual(["A-1"]);
  });

  it("leaves somebody else in, who came with the same ticket elsewhere", async () => {
    const holder = visitor(1);
    const server = new FakeServer([holder]);
    const gate = await open(server);
    server.network = "down";
    await gate.check(cardOf(holder));
    server.admitElsewhere("A-1");
    await reunite(gate, server);
    expect(gate.entries.refused).toHaveLength(1);
    const [admission] = gate.recent;
    if (admission) await gate.giveBack(admission);
    expect(gate.entries.refused).toEqual([]);
    expect([...server.admitted.values()]).toEqual(["A-1"]);
  });

  it("stays where the server cannot be told", async () => {
    const holder = visitor(1);
    const server = new FakeServer([holder]);
    const gate = await open(server);
    await gate.check(cardOf(holder));
    server.network = "down";
    const [admission] = gate.recent;
    if (admission) await expect(gate.giveBack(admission)).rejects.toThrow("unreachable");
    expect(gate.recent).toEqual([admission]);
    expect(gate.counts.admitted).toBe(1);
  });
});

describe("when the server is back", () => {
  it("tells it of the entries in their order, each once", async () => {
    const holders = Array.from({ length: 120 }, (_, index) => visitor(index));
    const server = new FakeServer(holders);
    const gate = await open(server);
    server.network = "down";
    for (const holder of holders) {
      await gate.check(cardOf(holder));
      vi.setSystemTime(Date.now() + 1);
    }
    expect(gate.entries.waiting).toHaveLength(120);
    await reunite(gate, server);
    expect(gate.entries.waiting).toEqual([]);
    expect([...server.admitted.values()]).toEqual(holders.map(({ ticket }) => ticket));
    expect(settled(server)).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(60_000);
    await until(() => server.asked.filter((what) => what === "list").length === 3);
    expect(settled(server)).toHaveLength(3);
  });

  it("sends again what was not answered, and is not told that the ticket was used", async () => {
    const holder = visitor(1);
    const server = new FakeServer([holder]);
    const gate = await open(server);
    server.network = "down";
    await gate.check(cardOf(holder));
    server.isHealthy = async () => true;
    server.network = "answers-are-lost";
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.admitted.size).toBe(1);
    expect(gate.connection.isUp).toBe(false);
    expect(gate.entries.waiting).toHaveLength(1);
    await reunite(gate, server);
    expect(gate.entries.waiting).toEqual([]);
    expect(gate.entries.refused).toEqual([]);
    expect(server.admitted.size).toBe(1);
  });

  it("takes a lost admission and its entry by the list for one", async () => {
    const holder = visitor(1);
    const server = new FakeServer([holder]);
    const gate = await open(server);
    const card = cardOf(holder);
    const enter = server.enter.bind(server);
    server.enter = async (...sent) => {
      server.network = "answers-are-lost";
      return await enter(...sent);
    };
    const verdict = await gate.check(card);
    expect(verdict).toMatchObject({ outcome: "admitted", ticket: "A-1", by: "list" });
    expect(server.admitted.size).toBe(1);
    await reunite(gate, server);
    expect(gate.entries.refused).toEqual([]);
    expect(server.admitted.size).toBe(1);
  });

  it("says whose ticket was used elsewhere, until the staff have seen it", async () => {
    const holder = visitor(1);
    const server = new FakeServer([holder]);
    const storage = new MemoryStorage();
    const gate = await open(server, storage);
    server.network = "down";
    await gate.check(cardOf(holder));
    server.admitElsewhere("A-1");
    await reunite(gate, server);
    const [refused] = gate.entries.refused;
    expect(refused).toMatchObject({ ticket: "A-1", refusal: "already-admitted" });
    expect(gate.entries.waiting).toEqual([]);

    close();
    const reloaded = await open(server, storage);
    expect(reloaded.entries.refused).toHaveLength(1);
    reloaded.entries.drop(refused?.id ?? "");
    expect(storage.length).toBe(0);
  });

  it("loses no entry by a reload", async () => {
    const holder = visitor(1);
    const server = new FakeServer([holder]);
    const storage = new MemoryStorage();
    const before = await open(server, storage);
    server.network = "down";
    await before.check(cardOf(holder));
    close();
    server.network = "up";
    const after = await open(server, storage);
    expect(after.entries.waiting).toEqual([]);
    expect([...server.admitted.values()]).toEqual(["A-1"]);
    expect(await after.check(cardOf(holder))).toMatchObject({ because: "already-admitted" });
  });

  it("tries at longer and longer intervals, and no longer once it is closed", async () => {
    const server = new FakeServer([]);
    const gate = await open(server);
    server.network = "down";
    gate.connection.lose();
    server.asked.length = 0;
    await vi.advanceTimersByTimeAsync(60_000);
    // After 1, 3, 7, 15, 30, 45 and 60 seconds.
    expect(server.asked).toEqual(Array(7).fill("health"));
    close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.asked).toHaveLength(7);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("notices by itself that the server is gone", async () => {
    const server = new FakeServer([]);
    const gate = await open(server);
    server.network = "down";
    await vi.advanceTimersByTimeAsync(60_000);
    expect(gate.connection.isUp).toBe(false);
  });

  it("keeps the entries that the server will not take, and says so", async () => {
    const holder = visitor(1);
    const server = new FakeServer([holder]);
    const gate = await open(server);
    server.network = "down";
    await gate.check(cardOf(holder));
    const signedOut = new PortalError("signed-out");
    server.settle = async () => Promise.reject(signedOut);
    await reunite(gate, server);
    expect(gate.connection.problem).toBe(signedOut);
    expect(gate.entries.waiting).toHaveLength(1);
  });
});

it("lets nobody in by the list of an event that was closed", async () => {
  const holder = visitor(1);
  const server = new FakeServer([holder]);
  const gate = await open(server);
  server.list = async () => Promise.reject(new PortalError("event-closed"));
  await vi.advanceTimersByTimeAsync(60_000);
  await until(() => gate.connection.problem !== undefined);
  server.network = "down";
  gate.connection.lose();
  expect(await gate.check(cardOf(holder))).toEqual({ outcome: "undecided" });
});

it("keeps nothing of 500 visitors but their tickets", async () => {
  const holders = Array.from({ length: 500 }, (_, index) => visitor(index));
  const storage = new MemoryStorage();
  const gate = await open(new FakeServer(holders), storage);
  for (const holder of holders) await gate.check(cardOf(holder));
  expect(gate.counts.admitted).toBe(500);
  expect(storage.length).toBe(0);
  // The one with which the connection waits for the next round.
  expect(vi.getTimerCount()).toBe(1);
});
