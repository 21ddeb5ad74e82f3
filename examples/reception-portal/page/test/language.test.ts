import { expect, test, vi } from "vitest";
import { MemoryStorage } from "./memory-storage.ts";

vi.stubGlobal("sessionStorage", new MemoryStorage());
const { sayDay, sayWesternDay } = await import("../src/language.ts");

test("a day is told by its era", () => {
  expect(sayDay("1980-02-17")).toBe("昭和55年2月17日");
  expect(sayWesternDay("2035-02-17")).toBe("2035年2月17日");
});

test("a day that is not known whole is told as far as it is", () => {
  expect(sayDay("1945-03-00")).toBe("1945-03-?");
  expect(sayDay("1945-00-00")).toBe("1945-?-?");
  expect(sayWesternDay("0000-00-00")).toBe("?-?-?");
});
