// Usage: node instantiate.mjs MODULE.wasm GLUE.js
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [wasm, glue] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(wasm));
const native = WebAssembly.Module.imports(module).filter((item) => item.module === "env");
if (native.length > 0) {
  throw new Error(`imports from env: ${native.map((item) => item.name).join(", ")}`);
}
const { initSync } = await import(pathToFileURL(glue));
initSync({ module });
