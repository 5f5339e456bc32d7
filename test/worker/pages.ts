// The pages of the documentation, and what tests read from them.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** @returns a file's text, by its path from the root. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The paths of all pages whose examples are run, from the root. */
export const PAGES: readonly string[] = globSync(['README.md', 'CONTRIBUTING.md', 'docs/**/*.md'], {
  cwd: ROOT,
});

/** Its examples are those of README.md: translation.test.ts compares them. */
export const TRANSLATION = 'README.zh-CN.md';

/** A fenced code block: its language, and its text with the last line break. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

/** @returns the fenced code blocks of a page; those without a language have none to run. */
export function blocksOf(page: string): Block[] {
  return Array.from(read(page).matchAll(/^```(\w+)\n(.*?)^```$/gms), ([, language = '', text = '']) => ({
    language,
    text,
  }));
}

/** @returns the fenced code blocks of a language. */
export function blocks(language: string, pages: readonly string[] = PAGES): string[] {
  return pages.flatMap((page) =>
    blocksOf(page).flatMap((block) => (block.language === language ? [block.text] : [])),
  );
}

/** @returns the text below a heading of the second level, up to the next one. */
export function section(page: string, heading: string): string {
  const [, text] = read(page).split(new RegExp(`^## ${heading}$`, 'm'));
  if (text === undefined) throw new Error(`${page} has no section ${heading}`);
  return text.split(/^## /m, 1)[0] ?? '';
}

/** @returns the rows of all tables in a Markdown text, without their heads: the cells, trimmed. */
export function tableRows(text: string): string[][] {
  return Array.from(text.matchAll(/^\| *:?-+.*\n((?:\|.*\n)*)/gm), ([, rows = '']) =>
    rows
      .trim()
      .split('\n')
      .map((row) => row.split('|').slice(1, -1))
      .map((cells) => cells.map((cell) => cell.trim())),
  ).flat();
}

/** @returns the code spans of a Markdown text, without their backticks. */
export function codeSpans(text: string): string[] {
  return Array.from(text.matchAll(/`([^`\n]+)`/g), ([, span = '']) => span);
}
