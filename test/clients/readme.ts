// README.md, with the results of a run.

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

/** @returns README.md, formatted for `npm run check:format`. */
export async function renderReadme(
  adapters: readonly Adapter[],
  completions: Table,
  streams: Table,
  withoutGateway: readonly { readonly dialect: string; readonly table: Table }[],
): Promise<string> {
  const footnotes: string[] = [];
  const text = `# Clients

Real clients, each used as its documentation shows, against the gateway with the StepFun simulator behind it, in both of
its dialects. The test run writes this page, and fails if the page differs from its results:
\`npx vitest run test/clients -u\` updates it.

${grid(
  ['client', 'versions', 'reasoning_format that it needs'],
  adapters.map(({ name, packages, format }) => [name, packages.map(version).join(', '), format]),
)}

## Completions

${matrix(completions, footnotes)}

## Streams

${matrix(streams, footnotes)}

${footnotes.map((note, i) => `${i + 1}. ${note}`).join('\n')}

✓ it works in both dialects · ~ it works in part, see the note · – this client does not have it. The notes are tested, too.

The meaning of a ✓, always compared with StepFun's answer to the same request:

${legend(completions, streams)}

An error of OpenRouter's SDK is a \`ResponseValidationError\`: its \`statusCode\` and \`body\` have the gateway's status and
message. LangChain's \`ChatOpenRouter\` ends a broken stream without an error: an answer without a finish reason is broken.

## Without the gateway

The same streams from StepFun directly (✗: not as above).

${withoutGateway.map(({ dialect, table }) => `### The format of ${dialect}\n\n${matrix(table, [])}`).join('\n\n')}

The causes: \`role: ""\` or a role on every chunk, tool calls without \`index\` or with empty ids, usage on every chunk with its
cached tokens in a place of their own, \`finish_reason: ""\`, \`max_completion_tokens\` that StepFun does not know.
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

/** @returns the package and its installed version; an alias such as `ai-v6` has the package's own name. */
function version(name: string): string {
  const manifest = JSON.parse(read(`./node_modules/${name}/package.json`)) as {
    name: string;
    version: string;
  };
  return `\`${manifest.name}\` ${manifest.version}`;
}

function read(path: string): string {
  return readFileSync(join(import.meta.dirname, path), 'utf8');
}
