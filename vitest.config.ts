import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { chromiumPath } from './test/browser/chromium.ts';

// A developer's machine may have no Chromium. CI must have it (.ci/run installs it).
const hasBrowser = chromiumPath !== null || process.env['CI'] !== undefined;
if (!hasBrowser)
  console.warn('Chromium was not found (set CHROMIUM_PATH): the tests in test/browser are skipped.');

/**
 * The tests of one folder; `npm run test:<name>` runs them alone.
 * @param groupOrder - folders with the same number run at the same time.
 */
function project(
  name: string,
  groupOrder: number,
  settings: TestProjectInlineConfiguration['test'] = {},
): TestProjectInlineConfiguration {
  const include = [`test/${name}/**/*.test.ts`];
  return { extends: true, test: { name, include, sequence: { groupOrder }, ...settings } };
}

/** Modules that only workerd has, and what stands in for them in Node. */
export const workerdModules = {
  'cloudflare:workers': join(import.meta.dirname, 'test/unit/cloudflare-workers.ts'),
};

export default defineConfig({
  test: {
    projects: [
      // First, and alone: they need all cores, and the timing of the others would suffer from them.
      project('unit', 0, {
        // One module graph for all files: with one each, imports took half of the CPU time.
        isolate: false,
        setupFiles: ['test/unit/setup.ts'],
        alias: workerdModules,
      }),
      project('worker', 1),
      project('faults', 1),
      project('clients', 1),
      // One Chromium for all files of a worker (test/browser/setup.ts).
      ...(hasBrowser ? [project('browser', 1, { isolate: false })] : []),
    ],
    exclude: ['**/node_modules/**'],
    // vitest's own default leaves one core unused: on two cores it runs one file at a time.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 30_000,
    hookTimeout: 90_000,
    // The tests over real sockets and browsers share two cores in CI: one that fails is tried twice more.
    retry: process.env['CI'] === undefined ? 0 : 2,
    // Titles in full: test/faults/README.md is made of them.
    taskTitleValueFormatTruncate: 0,
  },
});
