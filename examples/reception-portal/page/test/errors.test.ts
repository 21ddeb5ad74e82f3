import { expect, test } from "vitest";
import { sayWait, wordsFor } from "../src/words/errors.ts";

test.each([
  [1, "1秒", "1 second"],
  [99, "99秒", "99 seconds"],
  [100, "2分", "2 minutes"],
  [120, "2分", "2 minutes"],
  [121, "3分", "3 minutes"],
  [5_999, "100分", "100 minutes"],
  [6_000, "2時間", "2 hours"],
  [32_300, "9時間", "9 hours"],
])("a wait of %i seconds is told as people count it", (seconds, ja, en) => {
  expect(sayWait(seconds)).toEqual({ ja, en });
});

test("too many attempts say when to try again", () => {
  const words = wordsFor({ code: "too-many-requests", retryAfter: 32_300 });
  expect(words.ja).toBe("試行回数が多すぎます。9時間後にもう一度お試しください。");
  expect(words.en).toBe("Too many attempts. Try again in 9 hours.");
});
