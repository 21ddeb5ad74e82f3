import { expect, it, vi } from "vitest";
import { loadModule } from "../src/module.js";
import { pageModule } from "./vectors.js";

it("a module that does not load is told apart, and can be loaded later", async () => {
  await expect(loadModule(new Uint8Array([1, 2, 3]))).rejects.toMatchObject({
    code: "module-unavailable",
    cause: expect.any(WebAssembly.CompileError),
  });
  const loading = loadModule(pageModule());
  expect(loadModule()).toBe(loading);
  await loading;
});

it("a browser without WebAssembly is told apart", async () => {
  vi.resetModules();
  const anew = await import("../src/module.js");
  vi.stubGlobal("WebAssembly", undefined);
  await expect(anew.loadModule(pageModule())).rejects.toMatchObject({
    code: "unsupported-browser",
  });
  vi.unstubAllGlobals();
});
