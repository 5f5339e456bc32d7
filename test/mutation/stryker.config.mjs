// `npm run mutate`: removes or changes each expression of src/access, one at a time, and reports
// the changes that no test notices. It takes minutes and is not part of CI.

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
  // Not an existing file: Stryker would rewrite it with TypeScript's JavaScript API, which TypeScript 7 does not have.
  tsconfigFile: 'none',
  ignorePatterns: ['.wrangler', 'dist', 'test/{bench,browser,clients,faults}', 'test/mutation/node_modules'],
};
