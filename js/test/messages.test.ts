import { expect, it } from "vitest";
import { messages } from "../src/generated/codes.js";
import { KazashiError } from "../src/index.js";
import { message } from "../src/messages.js";

it("the tries that are left are put into the words", () => {
  const error = new KazashiError("pin-incorrect", { retriesLeft: 2 });
  expect(message(error, "ja")).toBe("暗証番号が違います。あと2回入力できます。");
  expect(message(error, "en")).toBe("The PIN is wrong. Tries left: 2.");
});

it.each(Object.entries(messages))("%s has words in both languages", (code, [ja, en]) => {
  expect(ja).toMatch(/。$/);
  expect(en).toMatch(/^[ -~]+\.$/);
  expect(message({ code, retriesLeft: 1 }, "ja")).not.toContain("{");
  expect(message({ code, retriesLeft: 1 }, "en")).not.toContain("{");
});

it.each(["teapot", "constructor", ""])("a code that is none of ours has words too: %s", (code) => {
  expect(message({ code }, "ja")).toBe("エラーが発生しました。");
  expect(message({ code }, "en")).toBe("Something went wrong.");
});
