// README.md in this folder maps the contract to its tests. Here its links are checked.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const HERE = import.meta.dirname;
const links = Array.from(
  readFileSync(join(HERE, 'README.md'), 'utf8').matchAll(/\]\(([^)]+)\)/g),
  ([, path]) => path!,
);

describe('the map of the contract', () => {
  it('has links to existing files and folders only', () => {
    expect(links.filter((path) => !existsSync(join(HERE, path)))).toEqual([]);
    expect(links.length).toBeGreaterThan(40);
  });

  it('has every test file of this folder', () => {
    const files = readdirSync(HERE).filter((name) => name.endsWith('.test.ts') && name !== 'map.test.ts');
    expect(files.filter((name) => !links.includes(name))).toEqual([]);
  });
});
