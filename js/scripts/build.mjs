// Builds the package: the TypeScript, and beside it the WebAssembly modules of `cargo xtask wasm`.

import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

function tsc(options) {
  const program = folder("node_modules/typescript/bin/tsc");
  const { status } = spawnSync(process.execPath, [program, ...options], {
    cwd: folder("."),
    stdio: "inherit",
  });
  if (status !== 0) process.exit(1);
}

rmSync(folder("dist"), { recursive: true, force: true });
// Comments are for the editor, which reads them in the declarations: pages do not download them, nor
// what the lines are indented with. (No text in the sources goes over several lines.)
tsc(["--removeComments", "--declaration", "false", "--isolatedDeclarations", "false"]);
for (const name of readdirSync(folder("dist"), { recursive: true })) {
  if (!name.endsWith(".js")) continue;
  const script = readFileSync(folder(`dist/${name}`), "utf8");
  writeFileSync(folder(`dist/${name}`), script.replaceAll(/^ +/gm, ""));
}
tsc(["--emitDeclarationOnly"]);
cpSync(folder("src/wasm"), folder("dist/wasm"), { recursive: true });
for (const licence of ["LICENSE-APACHE", "LICENSE-MIT"]) {
  cpSync(folder(`../${licence}`), folder(`dist/${licence}`));
}
