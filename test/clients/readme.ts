// README.md as the run makes it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'oxfmt';
import type { Behaviour } from './behaviours.ts';
import type { Adapter } from './client.ts';

export interface Table {
  readonly behaviours: readonly Behaviour[];
  readonly rows: readonly { readonly adapter: Adapter; readonly cells: readonly Cell[] }[];
}

export interface Cell {
  readonly mark: '✓' | '✗' | '–' | '~';
  readonly footnote?: string;
}

/** @returns README.md, formatted as `npm run check:format` wants it. */
export async function renderReadme(
  adapters: readonly Adapter[],
  completions: Table,
  streams: Table,
  withoutGateway: Table,
): Promise<string> {
  const footnotes: string[] = [];
  const text = `# Clients

Real clients, each in its own words, against the gateway with StepFun's raw shape behind it (the simulator's). Made by
the run itself, which fails when this page is not what it found: \`npx vitest run test/clients -u\` writes it anew.

${grid(
  ['client', 'versions', 'reasoning_format it wants'],
  adapters.map(({ name, packages, format }) => [name, packages.map(version).join(', '), format]),
)}

## Completions

${matrix(completions, footnotes)}

## Streams

${matrix(streams, footnotes)}

${footnotes.map((note, i) => `${i + 1}. ${note}`).join('\n')}

✓ it works · ~ it works, short of what the note says · – this client has no such thing. A note is tested, too: it goes
when it isn't true any more.

What a ✓ stands for, always held against what StepFun says to the very same request:

${legend(completions, streams)}

## Without the gateway

The same streams, asked of StepFun's raw shape itself (✗: not as above).

${matrix(withoutGateway, [])}

\`role: ""\` on every chunk makes three of them throw and hides the reasoning from LangChain; without \`index\` all but one
lose tool calls; usage on every chunk is wrong for whoever adds it up, and its cached tokens stand where nobody looks;
\`max_completion_tokens\` is not known; with \`finish_reason: ""\` on every chunk, a stream that broke off counts as
finished in most.
`;
  return (await format('README.md', text, JSON.parse(read('../../.oxfmtrc.json')))).code;
}

function matrix({ behaviours, rows }: Table, footnotes: string[]): string {
  return grid(
    ['client', ...behaviours.map(({ title }) => title)],
    rows.map(({ adapter, cells }) => [adapter.name, ...cells.map((cell) => mark(cell, footnotes))]),
  );
}

function mark(cell: Cell, footnotes: string[]): string {
  if (cell.footnote === undefined) return cell.mark;
  if (!footnotes.includes(cell.footnote)) footnotes.push(cell.footnote);
  return `${cell.mark} <sup>${footnotes.indexOf(cell.footnote) + 1}</sup>`;
}

function legend(...tables: Table[]): string {
  const meanings = new Map<string, string>();
  for (const { title, meaning } of tables.flatMap(({ behaviours }) => behaviours)) {
    if (!meanings.has(title)) meanings.set(title, meaning);
  }
  return [...meanings].map(([title, meaning]) => `- **${title}**: ${meaning}`).join('\n');
}

function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** @returns the package and the version that is installed. */
function version(name: string): string {
  const { version } = JSON.parse(read(`./node_modules/${name}/package.json`)) as { version: string };
  return `\`${name}\` ${version}`;
}

function read(path: string): string {
  return readFileSync(join(import.meta.dirname, path), 'utf8');
}
