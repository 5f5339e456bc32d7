// README.md as the tests' titles make it. A title reads `fault → expectation`; what it is
// nested in is either a lane, the way an answer takes through the gateway, or a group of
// faults.

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { format } from 'oxfmt';

/** As `vitest list --json` tells of a test. */
export interface Listed {
  /** Its title and those it is nested in, joined by ` > `. */
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

/** @returns titles that tell no fault, or nothing of what is expected. */
export function untold(tests: readonly Listed[]): string[] {
  return tests.map(({ name }) => name).filter((name) => name.split(' → ').length !== 2);
}

/** @returns README.md, formatted as `npm run check:format` wants it. */
export async function renderReadme(tests: readonly Listed[]): Promise<string> {
  // vitest lists files in the order they are ready in.
  const files = [...new Set(tests.map(({ file }) => file))].sort();
  const sections = files.map((file) =>
    section(
      file,
      tests.filter((test) => test.file === file),
    ),
  );
  const text = `# Faults

What goes wrong between clients, gateway and StepFun, and what becomes of it: over raw sockets, against the whole gateway
in workerd. Made from the tests' titles, and held against them by the tests themselves:
\`npx vitest run test/faults/readme.test.ts -u\` writes it anew.

A code alone (\`upstream_reset\`) is that of the error event which ends a stream; with a number before it, the answer is
that status. *stream*: rewritten, as by default; *native*: \`RELAY=native\`; *without a window*: \`RELAY_WINDOW_MS=0\`;
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
