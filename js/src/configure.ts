import { argument, maybe, only, parts, type Reader } from "./check.js";
import { KazashiError } from "./error.js";

/** Where a WebAssembly module is: its address, its bytes, or the module itself. */
export type ModuleSource = string | URL | BufferSource | WebAssembly.Module;

/** Where the WebAssembly modules are. */
export interface Configuration {
  /** Those left out are where the package has them. The package exports each: `kazashi/page.wasm`. */
  readonly wasm: Modules;
}

/** The WebAssembly modules, by what needs them. */
export interface Modules {
  /** `kazashi/page.wasm`, for `connect`. */
  readonly page?: ModuleSource | undefined;
  /** `kazashi/verify.wasm`, for `kazashi/verify` and the methods of certificates. */
  readonly verify?: ModuleSource | undefined;
  /** `kazashi/card-face.wasm`, for `kazashi/card-face`. */
  readonly cardFace?: ModuleSource | undefined;
  /** `kazashi/testing.wasm`, for `kazashi/testing`. */
  readonly testing?: ModuleSource | undefined;
}

const sources: Modules = {};

/** Takes where a module is, if it is said. */
export const moduleSource: Reader<ModuleSource | undefined> = maybe(
  only<ModuleSource>(
    (it) =>
      typeof it === "string" ||
      it instanceof URL ||
      it instanceof ArrayBuffer ||
      ArrayBuffer.isView(it) ||
      it instanceof WebAssembly.Module,
  ),
);
const modules = parts<Modules>({
  page: moduleSource,
  verify: moduleSource,
  cardFace: moduleSource,
  testing: moduleSource,
});

/**
 * Says where the WebAssembly modules are, if they are not where the package has them: where a bundler
 * moved the package's code without them. To be called before they are needed; a module that is loaded
 * stays.
 *
 * @throws KazashiError `invalid-request`.
 */
export function configure(options: Configuration): void {
  const { wasm } = argument("options", parts({ wasm: modules }), options);
  for (const [name, source] of Object.entries(wasm)) {
    if (source) Object.assign(sources, { [name]: source });
  }
}

/**
 * Makes a function that loads a module once, when it is first needed: from where `configure` said, or
 * from its `own` place. It rejects with `module-unavailable` or `unsupported-browser`, and the next
 * call tries again.
 */
export function loader(
  name: keyof Modules,
  own: () => URL,
  init: (options: { module_or_path: ModuleSource }) => Promise<unknown>,
): () => Promise<unknown> {
  let loading: Promise<unknown> | undefined;
  const load = async () => await init({ module_or_path: file(sources[name] ?? own()) });
  return () => {
    loading ??= load().catch((cause) => {
      loading = undefined;
      const code = globalThis.WebAssembly ? "module-unavailable" : "unsupported-browser";
      throw new KazashiError(code, { cause });
    });
    return loading;
  };
}

/** The bytes of what is a file, which Node cannot fetch. */
function file(source: ModuleSource): ModuleSource {
  const address = typeof source === "string" || source instanceof URL ? String(source) : "";
  if (!address.startsWith("file:")) return source;
  // Asked for in this way, bundlers for browsers do not look for node:fs.
  return process.getBuiltinModule("node:fs").readFileSync(new URL(address));
}
