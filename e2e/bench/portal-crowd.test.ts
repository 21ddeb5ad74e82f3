import { setTimeout } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import {
  CountingGate,
  Crowd,
  enrol,
  type Turn,
  useVirtualReader,
} from "../portal/reception/crowd.ts";
import { setUpReception } from "../portal/reception/reception.ts";
import { setUp } from "../set-up.ts";

// A crowd through the gate, each with a card of their own that takes no time by itself. At the virtual
// reader of the bridge nothing is in the figures but the portal and the bridge: page, bridge, server,
// database, and the card's two signatures in software. Through pcscd it is what a workstation has, and
// pcscd looks at vpcd every 400 ms.

/** How many come, unless the environment says otherwise. */
const PEOPLE = Number(process.env.KAZASHI_BENCH_PEOPLE ?? 500);
/** How many of them come once more, through pcscd. */
const THROUGH_PCSCD = 20;
/** How soon a visitor follows another at the earliest, in milliseconds: the portal's own limit. */
const APART = 1_000;
/** After how many visitors memory is looked at first: caches are full and code is compiled then. */
const WARM = 50;
/** By how much the page's memory may grow after that, in megabytes; what this test writes down is in it. */
const GROWTH = 4;

const crowd = setUp(new Crowd(PEOPLE), PEOPLE * 2_000 + 60_000);
const reception = setUpReception({ log: "info", server: crowd.authorities });
const { workstation } = reception;

beforeAll(() => useVirtualReader(reception));

test(
  `${PEOPLE} visitors pass the gate, at the virtual reader`,
  async () => {
    const { people } = crowd;
    const begin = performance.now();
    await enrol(reception, people);
    const enrolment = (performance.now() - begin) / people.length;
    const gate = await CountingGate.open(reception);
    const turns: Turn[] = [];
    const memory: Record<string, Memory> = {};
    for (const { card } of people) {
      const next = setTimeout(APART);
      turns.push(await gate.pass(() => workstation.bridge.type(`swap ${card}\n`)));
      if (turns.length === WARM) memory[`after ${WARM}`] = await megabytes(gate);
      await next;
    }
    memory[`after ${people.length}`] = await megabytes(gate);
    console.log(`milliseconds of each part of a turn; ${rounded(enrolment)} to enrol one`);
    console.table(figures(turns));
    console.log("megabytes");
    console.table(memory);
    expect(turns.filter(({ tone }) => tone !== "admitted")).toEqual([]);
    const [warm, last] = Object.values(memory);
    if (last) expect(last.page - (warm?.page ?? 0)).toBeLessThan(GROWTH);
    expect(await reception.staff.events()).toMatchObject([{ tickets: PEOPLE, admitted: PEOPLE }]);
  },
  PEOPLE * 10_000,
);

test(`${THROUGH_PCSCD} of them come once more, through pcscd`, async () => {
  await workstation.restartBridge();
  const gate = await CountingGate.open(reception);
  const turns: Turn[] = [];
  for (const { card } of crowd.people.slice(0, THROUGH_PCSCD)) {
    const next = setTimeout(APART);
    const put = performance.now();
    const type = `swap ${card}\n`;
    const turn = await gate.pass(() => workstation.holder.type(type));
    turn.times["put to verdict"] = performance.now() - put;
    turns.push(turn);
    await next;
  }
  console.log("milliseconds of each part of a turn, through pcscd");
  console.table(figures(turns));
  // Their tickets have admitted them before, which takes as long to find out.
  expect(turns.filter(({ tone }) => tone !== "refused")).toEqual([]);
}, 120_000);

/** How many megabytes are in use: by the page's objects after a collection, and by two programs. */
interface Memory {
  page: number;
  server: number;
  bridge: number;
}

async function megabytes(gate: CountingGate): Promise<Memory> {
  const session = await gate.page.context().newCDPSession(gate.page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  const [server, bridge] = [reception.server.memory, workstation.bridge.memory];
  const inMegabytes = (bytes: number) => rounded(bytes / 1e6);
  return {
    page: inMegabytes(usedSize),
    server: inMegabytes(server),
    bridge: inMegabytes(bridge),
  };
}

/** What half, 95, 99 and all of a hundred turns took at most, by part. */
function figures(turns: Turn[]): Record<string, object> {
  const parts = Object.keys(turns[0]?.times ?? {});
  return Object.fromEntries(
    parts.map((part) => {
      const times = turns.map(({ times }) => times[part] ?? Number.NaN);
      times.sort((one, other) => one - other);
      const percentile = (percent: number) =>
        rounded(times[Math.ceil((percent / 100) * times.length) - 1] ?? Number.NaN);
      return [
        part,
        { p50: percentile(50), p95: percentile(95), p99: percentile(99), most: percentile(100) },
      ];
    }),
  );
}

function rounded(number: number): number {
  return Number(number.toFixed(1));
}
