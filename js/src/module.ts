import { loader } from "./configure.js";
import init from "./wasm/page.js";

/** Loads the module of pages, once. */
export const loadModule: () => Promise<unknown> = loader(
  "page",
  // In this form bundlers see that the file belongs to the program.
  () => new URL("./wasm/page_bg.wasm", import.meta.url),
  init,
);
