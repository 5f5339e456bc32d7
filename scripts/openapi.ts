// npm run openapi            writes the API's description to the file that the Worker serves
// npm run openapi -- --check fails if that file differs from the generated description

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format } from 'oxfmt';
import { openapiDocument } from './openapi/document.ts';

const ROOT = join(import.meta.dirname, '..');
const FILE = join(ROOT, 'src/playground/openapi.json');

// Formatted as by `npm run format`, so that people can read a diff.
const style = JSON.parse(await readFile(join(ROOT, '.oxfmtrc.json'), 'utf8'));
const { code } = await format(FILE, JSON.stringify(openapiDocument(), null, 2), style);

if (!process.argv.includes('--check')) {
  await writeFile(FILE, code);
} else if ((await readFile(FILE, 'utf8').catch(() => '')) !== code) {
  console.error('src/playground/openapi.json is out of date: run npm run openapi');
  process.exit(1);
}
