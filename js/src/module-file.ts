/** What `init` of a WebAssembly module takes, for one that lies at this address. */
export function moduleFile(url: URL): URL | Uint8Array<ArrayBuffer> {
  // Node cannot fetch files. Asked for in this way, bundlers for browsers do not look for node:fs.
  return url.protocol === "file:" ? process.getBuiltinModule("node:fs").readFileSync(url) : url;
}
