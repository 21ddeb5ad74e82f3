import { expect, test, vi } from "vitest";
import { MemoryStorage } from "./memory-storage.ts";

vi.stubGlobal("sessionStorage", new MemoryStorage());
const { dayAfter, dayOf, setClock, today } = await import("../src/day.ts");
const { sayTime } = await import("../src/language.ts");

/** 03:30 in Japan, on the 30th. */
const NIGHT = "2026-11-29T18:30:00Z";

for (const zone of ["Asia/Tokyo", "UTC", "America/Los_Angeles", "Pacific/Kiritimati"]) {
  test(`days and times are the institution's on a workstation in ${zone}`, () => {
    vi.stubEnv("TZ", zone);
    vi.useFakeTimers({ now: Date.parse(NIGHT), toFake: ["Date"] });
    setClock({ timeZone: "Asia/Tokyo", now: NIGHT });
    expect(today()).toBe("2026-11-30");
    expect(dayOf(new Date("2026-11-29T14:59:59Z"))).toBe("2026-11-29");
    expect(dayOf(new Date("2026-11-29T15:00:00Z"))).toBe("2026-11-30");
    expect(sayTime(NIGHT)).toBe("3:30");
    expect(dayAfter(today(), 1)).toBe("2026-12-01");
  });
}

test("today is the server's where the workstation's clock is wrong", () => {
  vi.useFakeTimers({ now: Date.parse("2020-01-01T00:00:00Z"), toFake: ["Date"] });
  setClock({ timeZone: "Asia/Tokyo", now: NIGHT });
  expect(today()).toBe("2026-11-30");
  vi.setSystemTime(Date.parse("2020-01-01T21:00:00Z"));
  expect(today()).toBe("2026-12-01");
});
