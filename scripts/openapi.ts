// npm run openapi            writes the API's description to where the Worker serves it from
// npm run openapi -- --check fails when what stands there is not what the code says

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format } from 'oxfmt';
import { openapiDocument } from './openapi/document.ts';

const ROOT = join(import.meta.dirname, '..');
const FILE = join(ROOT, 'src/playground/openapi.json');

// As `npm run format` would write it, so that a change of it can be read.
const style = JSON.parse(await readFile(join(ROOT, '.oxfmtrc.json'), 'utf8'));
const { code } = await format(FILE, JSON.stringify(openapiDocument(), null, 2), style);

if (!process.argv.includes('--check')) {
  await writeFile(FILE, code);
} else if ((await readFile(FILE, 'utf8').catch(() => '')) !== code) {
  console.error('src/playground/openapi.json is not what the code says: npm run openapi');
  process.exit(1);
}
