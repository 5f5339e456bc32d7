import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,worker,clients,browser,faults}/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
