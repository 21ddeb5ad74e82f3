import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // A machine has one pcscd, and a bridge one port. Each file can have both for itself in namespaces of
    // its own, as HACKING shows; then several run beside each other, each by a vitest of its own.
    fileParallelism: false,
    cache: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A machine may be busy with other files.
    expect: { poll: { interval: 20, timeout: 20_000 } },
  },
});
