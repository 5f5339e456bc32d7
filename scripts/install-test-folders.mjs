// Runs before `npm test` and `npm run check`. Folders of tests that need many packages have a
// package.json of their own, so that `npm install && npm start` stays small. Each is installed once.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

for (const name of readdirSync('test')) {
  const folder = join('test', name);
  // `npm run mutate` installs the packages of mutation testing.
  if (name === 'mutation' || !existsSync(join(folder, 'package.json'))) continue;
  if (existsSync(join(folder, 'node_modules'))) continue;
  console.log(`Installing the packages of ${folder} …`);
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: 'inherit',
  });
}
