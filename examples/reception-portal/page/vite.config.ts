import { defineConfig, type Plugin } from "vite";

export default defineConfig({
  plugins: [onlyWoff2()],
  build: {
    target: "es2023",
    // Every file is a file of its own: the page's policy allows no data URLs and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The WebAssembly and the fonts are large for good reasons.
    chunkSizeWarningLimit: 200,
  },
});

/** Leaves out the WOFF files that the fonts' style sheets name for browsers which know no WOFF2. */
function onlyWoff2(): Plugin {
  return {
    name: "only-woff2",
    enforce: "pre",
    transform(code, id) {
      if (!/fontsource.*\.css$/.test(id)) return undefined;
      return code.replaceAll(/, url\([^)]*\.woff\) format\('woff'\)/g, "");
    },
  };
}
