import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["{packages/*,cluster,config,scripts}/test/**/*.test.ts", "test/**/*.test.ts"],
    globalSetup: ["./test/setup/globalSetup.ts"],
    pool: "forks",
    // Tests of the cluster start processes of their own: more workers only make timings noisy.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000
  }
})
