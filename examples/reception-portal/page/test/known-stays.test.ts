import { expect, test } from "vitest";
import { KnownStays } from "../src/known-stays.ts";
import { MemoryStorage } from "./memory-storage.ts";

test("the newest stays are known to every tab, and no others", () => {
  const storage = new MemoryStorage();
  const stays = new KnownStays(storage, "key");
  for (let number = 1; number <= 21; number++) stays.add([`stay ${number}`]);
  const ofAnotherTab = new KnownStays(storage, "key");
  expect(ofAnotherTab.has("stay 21")).toBe(true);
  expect(ofAnotherTab.has("stay 2")).toBe(true);
  expect(ofAnotherTab.has("stay 1")).toBe(false);
  expect(ofAnotherTab.has(undefined)).toBe(false);
  expect(new KnownStays(storage, "other").has("stay 21")).toBe(false);
});

test("a browser without room forgets, and goes on", () => {
  const stays = new KnownStays(new MemoryStorage(0), "key");
  stays.add(["stay"]);
  expect(stays.has("stay")).toBe(false);
});
