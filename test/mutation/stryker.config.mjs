// `npm run mutate`: deletes or bends every rule of src/access, one at a time, and
// tells which of them no test misses. Takes minutes; not part of CI.

export default {
  mutate: ['src/access/**/*.ts'],
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts' },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 10_000,
  thresholds: { high: 95, low: 90, break: 90 },
  reporters: ['clear-text', 'progress'],
  packageManager: 'npm',
  // No such file: Stryker would rewrite it with TypeScript's JavaScript API, which TypeScript 7 no longer has.
  tsconfigFile: 'none',
  ignorePatterns: ['.wrangler', 'dist', 'test/{bench,browser,clients,faults}', 'test/mutation/node_modules'],
};
