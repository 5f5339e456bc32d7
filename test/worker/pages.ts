// The pages of the documentation, and what a reader copies from them.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** @returns a file's text, by its path from the root. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The paths of all pages, from the root. */
export const PAGES: readonly string[] = globSync(['README.md', 'CONTRIBUTING.md', 'docs/**/*.md'], {
  cwd: ROOT,
});

/** @returns the fenced code blocks of a language. */
export function blocks(language: string, pages = PAGES): string[] {
  return [
    ...pages
      .map(read)
      .join('')
      .matchAll(/^```(\w+)\n(.*?)^```/gms),
  ].flatMap(([, named, text]) => (named === language && text !== undefined ? [text] : []));
}
