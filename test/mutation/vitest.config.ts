import { defineConfig } from 'vitest/config';
import { workerdModules } from '../../vitest.config.ts';

export default defineConfig({
  test: {
    include: ['test/unit/access/**/*.test.ts'],
    alias: workerdModules,
    // As in the tests' own configuration: code with faults put into it runs slower.
    testTimeout: 20_000,
  },
});
