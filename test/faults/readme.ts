// Makes README.md from the titles of the tests. A title is `fault → expectation`. The titles that
// it is nested in are lanes (the ways of an answer through the gateway) or groups of faults.

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { format } from 'oxfmt';

/** A test in the output of `vitest list --json`. */
export interface Listed {
  /** Its title and the titles that it is nested in, joined by ` > `. */
  readonly name: string;
  readonly file: string;
}

const LANES = new Set([
  'stream',
  'stream without a window',
  'stream with a token budget',
  'native',
  'completion',
]);

/** @returns titles that are not of the form `fault → expectation`. */
export function malformedTitles(tests: readonly Listed[]): string[] {
  return tests.map(({ name }) => name).filter((name) => name.split(' → ').length !== 2);
}

/** @returns README.md, formatted as `npm run check:format` wants it. */
export async function renderReadme(tests: readonly Listed[]): Promise<string> {
  // vitest lists files in the order in which they were loaded.
  const files = [...new Set(tests.map(({ file }) => file))].sort();
  const sections = files.map((file) =>
    section(
      file,
      tests.filter((test) => test.file === file),
    ),
  );
  const text = `# Faults

The faults between clients, the gateway and StepFun, and what the gateway does about each: tested over raw sockets against
the whole gateway in workerd. This page is made from the titles of the tests; a test fails where it differs from them, and
\`npx vitest run test/faults/readme.test.ts -u\` writes it again.

A code alone (\`upstream_reset\`) is the code of the error event that ends a stream; with a number before it, the answer has
that status. *stream*: rewritten, the default; *native*: \`RELAY=native\`; *without a window*: \`RELAY_WINDOW_MS=0\`;
*completion*: an answer in one piece.

${sections.join('\n\n')}
`;
  return (await format('README.md', text, JSON.parse(read('../../.oxfmtrc.json')))).code;
}

function section(file: string, tests: readonly Listed[]): string {
  const name = basename(file);
  const groups = new Map<string, Row[]>();
  for (const test of tests) {
    const { group, ...row } = rowOf(test);
    const rows = groups.get(group) ?? [];
    groups.set(group, rows);
    const same = rows.find(({ fault, expected }) => fault === row.fault && expected === row.expected);
    if (same === undefined) rows.push(row);
    else same.lanes.push(...row.lanes.filter((lane) => !same.lanes.includes(lane)));
  }
  const tables = [...groups].map(([group, rows]) =>
    grid(
      [group === '' ? 'fault' : group, 'expected', 'test'],
      rows.map(({ fault, expected, lanes }) => {
        const test = lanes.length === 0 ? name.replace('.test.ts', '') : lanes.join(', ');
        return [fault, expected, `[${test}](${name})`];
      }),
    ),
  );
  return [`## ${name.replace('.test.ts', '')}`, introduction(name), ...tables].join('\n\n');
}

interface Row {
  readonly fault: string;
  readonly expected: string;
  readonly lanes: string[];
}

function rowOf({ name }: Listed): Row & { readonly group: string } {
  const path = name.split(' > ');
  const [fault = '', expected = ''] = (path.pop() ?? '').split(' → ');
  const isLane = (title: string) => LANES.has(title);
  return {
    group: path.filter((title) => !isLane(title)).join(', '),
    fault,
    expected,
    lanes: path.filter(isLane),
  };
}

/** @returns the comment that a file begins with. */
function introduction(name: string): string {
  const lines = read(name).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('// '));
  return lines
    .slice(0, end)
    .map((line) => line.slice(3))
    .join('\n');
}

function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function read(path: string): string {
  return readFileSync(join(import.meta.dirname, path), 'utf8');
}
