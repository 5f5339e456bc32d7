// README.md beside this file maps the contract to its tests; here the map is held against the land.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const HERE = import.meta.dirname;
const named = [...readFileSync(join(HERE, 'README.md'), 'utf8').matchAll(/\]\(([^)]+)\)/g)].map(
  ([, path]) => path!,
);

describe('the map of the contract', () => {
  it('names files that are there', () => {
    expect(named.filter((path) => !existsSync(join(HERE, path)))).toEqual([]);
    expect(named.length).toBeGreaterThan(40);
  });

  it('names every test of this folder', () => {
    const here = readdirSync(HERE).filter((name) => name.endsWith('.test.ts') && name !== 'map.test.ts');
    expect(here.filter((name) => !named.includes(name))).toEqual([]);
  });
});
