import { defineConfig } from 'vitest/config';

export default defineConfig({
  // As in the tests' own configuration: code with faults put into it runs slower.
  test: { include: ['test/unit/access/**/*.test.ts'], testTimeout: 20_000 },
});
