import { KazashiError } from "./error.js";
import { moduleFile, once } from "./module-file.js";
import init from "./wasm/page.js";

/** Where the WebAssembly module is: its address, its bytes, or the module itself. */
export type ModuleSource = string | URL | BufferSource | WebAssembly.Module;

const load = once((source?: ModuleSource) => {
  // In this form bundlers see that the file belongs to the program.
  const own = new URL("./wasm/page_bg.wasm", import.meta.url);
  return init({ module_or_path: source ?? moduleFile(own) });
});

/**
 * Loads the module, once: from `source`, or from where the package has it.
 *
 * Rejects with `module-unavailable`, `unsupported-browser`.
 */
export function loadModule(source?: ModuleSource): Promise<unknown> {
  if (globalThis.WebAssembly) return load(source);
  return Promise.reject(new KazashiError("unsupported-browser"));
}
