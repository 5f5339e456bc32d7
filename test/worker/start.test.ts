// `npm start`, as a newcomer meets it.

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const SCRIPT = join(ROOT, 'scripts/start.mjs');
const PATH = `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`;

let started: ChildProcess | null = null;
afterEach(async () => {
  if (started === null) return;
  const exit = once(started, 'exit');
  started.kill();
  await exit;
  started = null;
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

it('serves simulated answers, and prints the line that asks for one', { timeout: 150_000 }, async () => {
  const port = await freePort();
  const child = spawn(process.execPath, [SCRIPT], {
    cwd: ROOT,
    env: { ...process.env, PATH, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started = child;
  let printed = '';
  child.stdout.on('data', (data) => (printed += String(data)));
  child.stderr.on('data', (data) => (printed += String(data)));
  const toPaste = () => /^ *(curl -N http:[^]*?\}')$/m.exec(printed)?.[1];
  await expect.poll(toPaste, { timeout: 120_000 }).toContain(`http://127.0.0.1:${port}/`);

  const { stdout } = await promisify(execFile)('sh', ['-c', toPaste() ?? '']);
  expect(stdout).toContain('"choices"');
  expect(stdout).toMatch(/data: \[DONE\]\n\n$/);
});
