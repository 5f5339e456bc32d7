// The JavaScript of README.md and docs/ that calls the local gateway: each block runs as it is written, except for
// the port, and compiles as TypeScript.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type Gateway } from '../worker/harness.ts';
import { blocks, ROOT } from '../worker/pages.ts';

const LOCAL = 'http://127.0.0.1:8787';
const run = promisify(execFile);

const examples = blocks('js').filter((code) => code.includes(LOCAL));
const titled = examples.map((code): [title: string, code: string] => [
  /from '(.*?)'/.exec(code)?.[1] ?? 'plain',
  code,
]);
const aiSdk = examples.filter((code) => code.includes("from 'ai'"));

let gateway: Gateway;
let folder: string;
beforeAll(async () => {
  gateway = await startGateway();
  // Beside the packages that the examples import.
  folder = await mkdtemp(join(import.meta.dirname, 'node_modules/.readme-'));
});
afterAll(async () => {
  await gateway.close();
  await rm(folder, { recursive: true });
});

function runExample(code: string) {
  return run(process.execPath, ['--input-type=module', '--eval', code.replaceAll(LOCAL, gateway.url)], {
    cwd: import.meta.dirname,
  });
}

describe("README's examples", () => {
  it('exist', () => expect(examples.length).toBeGreaterThan(4));

  it.each(titled)('run: %s', async (_, code) => {
    const { stdout, stderr } = await runExample(code);
    // The reasoning may be printed here.
    expect(stderr).not.toMatch(/error|warning/i);
    expect(stdout).toMatch(/\bsky\b/i);
  });

  it('print reasoning and answer apart: the first one', async () => {
    const { stdout, stderr } = await runExample(examples[0] ?? '');
    expect(stdout).toMatch(/^The user asks about.*\n\nAnswer: The sky is blue because/s);
    expect(stderr).toBe('');
  });

  it('compile as TypeScript: the first one', async () => {
    const file = join(folder, 'first.ts');
    await writeFile(file, examples[0] ?? '');
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--ignoreConfig', '--target', 'es2024'];
    const modules = ['--module', 'esnext', '--moduleResolution', 'bundler'];
    const types = ['--typeRoots', join(ROOT, 'node_modules/@types'), '--types', 'node'];
    const { stdout } = await run('tsc', [...options, ...modules, ...types, file]);
    expect(stdout).toBe('');
  });

  it('run with version 6 of the AI SDK, too', async () => {
    expect(aiSdk.length).toBeGreaterThan(0);
    for (const code of aiSdk) {
      const inV6 = code
        .replaceAll("from 'ai'", "from 'ai-v6'")
        .replaceAll("from '@ai-sdk/openai-compatible'", "from 'openai-compatible-v2'");
      expect((await runExample(inV6)).stdout).toMatch(/\bsky\b/i);
    }
  });
});
