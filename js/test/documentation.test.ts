import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ports } from "../src/generated/wire.js";
import { KazashiError } from "../src/index.js";
import { message } from "../src/messages.js";

/** What each document shows of the smallest example. */
const shown = ["examples/sign-in/page/page.js: page", "examples/sign-in/server.js: server"];

const read = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** The pieces of code that a document says it shows, by the comment before each. */
function quotations(document: string): Map<string, string> {
  const quotations = document.matchAll(/^<!-- (\S+: \w+) -->\n```js\n(.*?)^```$/gms);
  return new Map([...quotations].map(([, name = "", code = ""]) => [name, code]));
}

/** What stands in a file between `#region NAME` and its end. */
function region(quotation: string): string {
  const [path = "", name] = quotation.split(": ");
  const [, code] = read(path).split(new RegExp(`^// #(?:end)?region ${name}\n`, "m"));
  if (code === undefined) throw new Error(`${path} has no region ${name}`);
  return code;
}

const withoutComments = (code: string): string => code.replaceAll(/ *(\/\/|\/\*\*).*$/gm, "");

describe.each(["README.md", "docs/getting-started.md"])("%s", (path) => {
  it("shows the example word for word", () => {
    const code = new Map(shown.map((name) => [name, region(name)]));
    expect(quotations(read(path))).toEqual(code);
  });

  it("says what a person reads after a wrong PIN", () => {
    const error = new KazashiError("pin-incorrect", { retriesLeft: 2 });
    expect(read(path)).toContain(`// ${message(error, "en")}\n`);
  });
});

describe.each(["README.ja.md", "docs/getting-started.ja.md"])("%s", (path) => {
  it("shows the example word for word, with comments in Japanese", () => {
    const code = new Map(shown.map((name) => [name, withoutComments(region(name))]));
    const quoted = [...quotations(read(path))];
    expect(new Map(quoted.map(([name, code]) => [name, withoutComments(code)]))).toEqual(code);
  });

  it("says what a person reads after a wrong PIN", () => {
    const error = new KazashiError("pin-incorrect", { retriesLeft: 2 });
    expect(read(path)).toContain(`// ${message(error, "ja")}\n`);
  });
});

it.each([
  "js/README.md",
  "docs/getting-started.md",
  "docs/getting-started.ja.md",
  "examples/pin-less/src/routes.rs",
  "examples/reception-portal/src/routes.rs",
  "examples/sign-in/server.js",
])("the Content-Security-Policy in %s lets a page reach the bridge at every port", (path) => {
  const named = [...read(path).matchAll(/ws:\/\/127\.0\.0\.1:(\d+)/g)].map(([, port]) =>
    Number(port),
  );
  expect(named).toEqual([...ports]);
});
