import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // One reader stack fits on a machine.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
