import { expect, it, vi } from "vitest";
import { KazashiError } from "../src/index.js";

class Refined extends KazashiError {}

it("an error is recognised by another copy of the package", async () => {
  vi.resetModules();
  const { KazashiError: Another } = await import("../src/index.js");
  expect(Another).not.toBe(KazashiError);
  expect(new Another("aborted")).toBeInstanceOf(KazashiError);
  expect(new KazashiError("aborted")).toBeInstanceOf(Another);
  expect(new Refined("aborted")).toBeInstanceOf(Another);
});

it("a class derived from it recognises its own", () => {
  expect(new Refined("aborted")).toBeInstanceOf(Refined);
  expect(new KazashiError("aborted")).not.toBeInstanceOf(Refined);
});

it.each([undefined, null, "aborted", new Error("aborted"), { code: "aborted" }])(
  "what is none is not taken for one: %s",
  (value) => expect(value).not.toBeInstanceOf(KazashiError),
);
