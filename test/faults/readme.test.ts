// README.md in this folder lists the tests of this folder, completely.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { renderReadme, malformedTitles, type Listed } from './readme.ts';

const ROOT = join(import.meta.dirname, '../..');

it('README.md lists these tests', { timeout: 60_000 }, async () => {
  const tests = await listed();
  expect(tests.length).toBeGreaterThan(300);
  expect(malformedTitles(tests)).toEqual([]);
  await expect(await renderReadme(tests)).toMatchFileSnapshot('README.md');
});

/** @returns every test of this folder but this one, with complete titles. None is run. */
async function listed(): Promise<Listed[]> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  // vitest's static parse would not replace `$name`.
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [vitest, 'list', '--project', 'faults', '--json', '--no-static-parse'],
    { cwd: ROOT, maxBuffer: 2 ** 24 },
  );
  const all = JSON.parse(stdout) as Listed[];
  return all.filter(({ file }) => file !== import.meta.filename);
}
