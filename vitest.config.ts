import { defineConfig } from 'vitest/config';
import { chromiumPath } from './test/browser/chromium.ts';

// A newcomer's machine may have no Chromium; CI must (.ci/run installs it).
const hasBrowser = chromiumPath !== null || process.env['CI'] !== undefined;
if (!hasBrowser)
  console.warn('No Chromium here (set CHROMIUM_PATH): the tests in test/browser are left out.');

export default defineConfig({
  test: {
    include: ['test/{unit,worker,clients,browser,faults}/**/*.test.ts'],
    exclude: ['**/node_modules/**', ...(hasBrowser ? [] : ['test/browser/**'])],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Titles in full: test/faults/README.md is made of them.
    taskTitleValueFormatTruncate: 0,
  },
});
