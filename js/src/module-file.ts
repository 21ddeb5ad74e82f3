import { KazashiError } from "./error.js";

/** What `init` of a WebAssembly module takes, for one that lies at this address. */
export function moduleFile(url: URL): URL | Uint8Array<ArrayBuffer> {
  // Node cannot fetch files. Asked for in this way, bundlers for browsers do not look for node:fs.
  return url.protocol === "file:" ? process.getBuiltinModule("node:fs").readFileSync(url) : url;
}

/**
 * Makes a function that loads a module once, when it is first needed. It rejects with
 * `module-unavailable`, and the next call tries again.
 */
export function once<S>(load: (source?: S) => Promise<unknown>): (source?: S) => Promise<unknown> {
  let loading: Promise<unknown> | undefined;
  return (source) => {
    loading ??= load(source).catch((cause) => {
      loading = undefined;
      throw new KazashiError("module-unavailable", { cause });
    });
    return loading;
  };
}
