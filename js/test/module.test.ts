import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";

/** The package, in a page that has loaded nothing of it yet. */
async function anew() {
  vi.resetModules();
  const { configure, connect } = await import("../src/index.js");
  const { loadModule } = await import("../src/module.js");
  return { configure, connect, loadModule };
}

it("a module that does not load is told apart, and can be loaded later", async () => {
  const { configure, loadModule } = await anew();
  configure({ wasm: { page: new Uint8Array([1, 2, 3]) } });
  await expect(loadModule()).rejects.toMatchObject({
    code: "module-unavailable",
    cause: expect.any(WebAssembly.CompileError),
  });
  configure({ wasm: { page: readFileSync(new URL("../src/wasm/page_bg.wasm", import.meta.url)) } });
  const loading = loadModule();
  expect(loadModule()).toBe(loading);
  await loading;
});

it("a browser without WebAssembly is told apart", async () => {
  const { connect } = await anew();
  vi.stubGlobal("WebAssembly", undefined);
  await expect(connect()).rejects.toMatchObject({ code: "unsupported-browser" });
  vi.unstubAllGlobals();
});

describe("a module that breaks down", () => {
  it("says so, and the next call has another", async () => {
    vi.resetModules();
    const glue = { ...(await import("../src/wasm/verify.js")) };
    const breaking = vi.fn(glue.subject).mockImplementationOnce(() => {
      throw new WebAssembly.RuntimeError("unreachable");
    });
    const startAnew = vi.fn(glue.__wbg_reset_state);
    vi.doMock("../src/wasm/verify.js", () => {
      return { ...glue, subject: breaking, __wbg_reset_state: startAnew };
    });
    const { subject } = await import("../src/verify.js");
    const der = readFileSync(
      new URL("../../vectors/certificates/user-authentication.der", import.meta.url),
    );
    const key = new Uint8Array(32);
    await expect(subject(der, key)).rejects.toMatchObject({
      code: "module-unavailable",
      cause: expect.any(WebAssembly.RuntimeError),
    });
    expect(startAnew).toHaveBeenCalledOnce();
    expect(await subject(der, key)).toHaveLength(43);
    vi.doUnmock("../src/wasm/verify.js");
  });
});
