// Before `npm test` and `npm run check`: what only some tests need has package.json files of its own, so
// that `npm install && npm start` stays light. Installed once, then left alone.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

for (const name of readdirSync('test')) {
  const folder = join('test', name);
  // Mutation testing installs its own (npm run mutate).
  if (name === 'mutation' || !existsSync(join(folder, 'package.json'))) continue;
  if (existsSync(join(folder, 'node_modules'))) continue;
  console.log(`Installing what ${folder} needs …`);
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: 'inherit',
  });
}
