import { KazashiError } from "./error.js";
import { moduleFile } from "./module-file.js";
import init from "./wasm/page.js";

/** Where the WebAssembly module is: its address, its bytes, or the module itself. */
export type ModuleSource = string | URL | BufferSource | WebAssembly.Module;

let loading: Promise<unknown> | undefined;

/**
 * Loads the module, once: from `source`, or from where the package has it.
 *
 * Rejects with `module-unavailable`, `unsupported-browser`.
 */
export function loadModule(source?: ModuleSource): Promise<unknown> {
  loading ??= load(source);
  return loading;
}

async function load(source?: ModuleSource): Promise<void> {
  if (!globalThis.WebAssembly) throw new KazashiError("unsupported-browser");
  try {
    // In this form bundlers see that the file belongs to the program.
    const own = new URL("./wasm/page_bg.wasm", import.meta.url);
    await init({ module_or_path: source ?? moduleFile(own) });
  } catch (cause) {
    loading = undefined;
    throw new KazashiError("module-unavailable", { cause });
  }
}
