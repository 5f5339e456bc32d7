// README.md and docs/, as a reader copies from them.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** What stands in a file, by its path from the root. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

const docs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));

/** Paths of all pages. */
export const PAGES: readonly string[] = ['README.md', ...docs.map((name) => `docs/${name}`)];

/** The fenced blocks of a language, in these pages. */
export function blocks(language: string, pages = PAGES): string[] {
  return [
    ...pages
      .map(read)
      .join('')
      .matchAll(/^```(\w+)\n(.*?)^```/gms),
  ].flatMap(([, named, text]) => (named === language && text !== undefined ? [text] : []));
}
