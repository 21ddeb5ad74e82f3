import { expect, test } from "vitest";
import { sayLimit } from "../src/words/kept.ts";

test("a limit is worded with what it counts from, or with what ends it", () => {
  expect(sayLimit("visits", "until-ended").ja).toBe("ご本人が削除を求めるまで");
  expect(sayLimit("visits", { days: 30 }).ja).toBe("受付の日から30日間");
  expect(sayLimit("record", "until-ended").ja).toBe("消去しません");
  expect(sayLimit("suspensions", "until-ended").en).toBe("until it is lifted, or they are deleted");
  expect(sayLimit("compared-cards", { seconds: 600 }).en).toBe("10 minutes from the check");
  expect(sayLimit("told", { seconds: 86_400 }).ja).toBe("出来事から24時間");
  // A newer server may keep what this page cannot word.
  expect(sayLimit("more", { days: 1 }).en).toBe("1 days from more");
});
