import { cp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { nodeResolve } from "@rollup/plugin-node-resolve";
// @ts-expect-error: it has types, but does not export them.
import { importMetaAssets } from "@web/rollup-plugin-import-meta-assets";
import type { Browser } from "playwright-core";
import { type RollupOptions, rollup } from "rollup";
import * as vite6 from "vite6";
import * as vite7 from "vite7";
import * as vite8 from "vite8";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import webpack from "webpack";
import { launchChromium } from "../chromium.ts";
import { ownFolder } from "../paths.ts";
import { listen } from "../ports.ts";
import { run } from "../program.ts";
import { Project } from "./project.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium(ownFolder("home"));
});
afterAll(() => browser.close());

/** What the page at an address says of its use of the package. */
async function outcome(address: string): Promise<string> {
  const page = await browser.newPage();
  await page.goto(address);
  await page.waitForFunction("document.title");
  const title = await page.title();
  await page.close();
  return title;
}

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** What the page says once it is built, and served as files. */
async function outcomeOf(folder: string): Promise<string> {
  const server = createServer(async ({ url = "" }, response) => {
    const path = url === "/" ? "index.html" : url;
    const content = await readFile(join(folder, path)).catch(() => undefined);
    response.writeHead(content ? 200 : 404, { "content-type": TYPES[extname(path)] ?? "" });
    response.end(content);
  });
  onTestFinished(() => void server.close());
  return await outcome(`http://127.0.0.1:${await listen(server)}/`);
}

/** Says that the modules lie where the built page is. */
const BESIDE = `
configure({
  wasm: { page: "./page_bg.wasm", verify: "./verify_bg.wasm", cardFace: "./card-face_bg.wasm", testing: "./testing_bg.wasm" },
});`;

describe.each([
  ["Vite 6", vite6, ["kazashi"]],
  ["Vite 7", vite7, ["kazashi"]],
  ["Vite 8", vite8, []],
])("%s", (name, vite, exclude) => {
  const project = new Project(name);

  it("serves the modules while a page is developed", async () => {
    await project.write();
    const server = await vite.createServer({
      root: project.folder,
      configFile: false,
      logLevel: "silent",
      server: { host: "127.0.0.1", port: 0 },
      optimizeDeps: { exclude },
    });
    onTestFinished(() => server.close());
    await server.listen();
    expect(await outcome(server.resolvedUrls?.local[0] ?? "")).toBe("ok");
  });

  it("builds the modules into a page", async () => {
    await project.write();
    await vite.build({ root: project.folder, configFile: false, logLevel: "silent" });
    expect(await outcomeOf(project.at("dist"))).toBe("ok");
  });
});

it("webpack builds the modules into a page", async () => {
  const project = new Project("webpack");
  await project.write();
  await new Promise<void>((resolve, reject) => {
    const compiler = webpack({
      mode: "production",
      context: project.folder,
      entry: "./main.js",
      output: { path: project.at("dist"), filename: "main.js" },
    });
    compiler?.run((error, stats) =>
      error || stats?.hasErrors() ? reject(error ?? stats) : resolve(),
    );
  });
  await cp(project.at("index.html"), project.at("dist/index.html"));
  expect(await outcomeOf(project.at("dist"))).toBe("ok");
});

describe("Rollup", () => {
  /** Builds a page of a project. */
  async function build(project: Project, plugins: RollupOptions["plugins"]): Promise<void> {
    const bundle = await rollup({
      input: project.at("main.js"),
      plugins: [nodeResolve(), plugins],
    });
    await bundle.write({ dir: project.at("dist"), format: "esm" });
    await bundle.close();
    await cp(project.at("index.html"), project.at("dist/index.html"));
  }

  it("builds the modules into a page with the plugin for it", async () => {
    const project = new Project("rollup-with-plugin");
    await project.write();
    await build(project, importMetaAssets());
    expect(await outcomeOf(project.at("dist"))).toBe("ok");
  });

  it("leaves them out by itself: the page says where they are", async () => {
    const project = new Project("rollup");
    await project.write();
    await build(project, []);
    expect(await outcomeOf(project.at("dist"))).toContain("module-unavailable");
    await project.write(BESIDE);
    await build(project, []);
    await cp(project.at("node_modules/kazashi/dist/wasm"), project.at("dist"), { recursive: true });
    expect(await outcomeOf(project.at("dist"))).toBe("ok");
  });
});

describe.each(["es", "cjs", "iife"] as const)("a server in one file (%s)", (format) => {
  /** Builds a server of this script with its dependencies, and runs it somewhere else. */
  async function outputOf(script: string): Promise<string> {
    const project = new Project(`server-${format}`);
    await project.write();
    await writeFile(project.at("server.js"), script);
    const bundle = await rollup({ input: project.at("server.js"), plugins: [nodeResolve()] });
    const file = project.at(format === "es" ? "built/server.mjs" : "built/server.cjs");
    await bundle.write({ file, format, inlineDynamicImports: true });
    await bundle.close();
    return await run([process.execPath, file], { cwd: project.folder });
  }

  it("says that a module is missing, and takes it from where it is told", async () => {
    const output = await outputOf(`
      import { configure, subject } from "kazashi/verify";
      const outcome = () => subject(new Uint8Array(9), new Uint8Array(32)).catch(({ code }) => code);
      const { readFileSync } = process.getBuiltinModule("node:fs");
      const file = "node_modules/kazashi/dist/wasm/verify_bg.wasm";
      outcome().then((before) => {
        configure({ wasm: { verify: readFileSync(file) } });
        outcome().then((after) => console.log(before, after));
      });`);
    expect(output.trim()).toBe("module-unavailable certificate-malformed");
  });
});
