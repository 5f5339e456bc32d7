// The JavaScript in README.md and docs/ that asks the local gateway, run as it stands there but
// for the port.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type Gateway } from '../worker/harness.ts';
import { blocks } from '../worker/pages.ts';

const LOCAL = 'http://127.0.0.1:8787';

const examples = blocks('js').filter((code) => code.includes(LOCAL));

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

describe("README's examples", () => {
  it('are there', () => expect(examples.length).toBeGreaterThan(4));

  it.each(examples.map((code) => [/from '(.*?)'/.exec(code)?.[1] ?? 'plain', code]))(
    '%s',
    async (_, code) => {
      const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        ['--input-type=module', '--eval', code.replaceAll(LOCAL, gateway.url)],
        { cwd: import.meta.dirname },
      );
      expect(stderr).toBe('');
      expect(stdout).toMatch(/\bsky\b/i);
    },
  );
});
