// README.md beside this file is what the tests of this folder say, no more and no less.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { renderReadme, untold, type Listed } from './readme.ts';

const ROOT = join(import.meta.dirname, '../..');

test('README.md says what these tests are', { timeout: 60_000 }, async () => {
  const tests = await listed();
  expect(tests.length).toBeGreaterThan(300);
  expect(untold(tests)).toEqual([]);
  await expect(await renderReadme(tests)).toMatchFileSnapshot('README.md');
});

/** Every test of this folder but this one, titles filled in; none is run. */
async function listed(): Promise<Listed[]> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  // vitest's static parse would leave `$name` as it is.
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [vitest, 'list', 'test/faults', '--json', '--no-static-parse'],
    { cwd: ROOT, maxBuffer: 2 ** 24 },
  );
  const all = JSON.parse(stdout) as Listed[];
  return all.filter(({ file }) => file !== import.meta.filename);
}
