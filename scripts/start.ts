// `npm start`: the gateway on http://127.0.0.1:8787 with the simulator in place of StepFun. It needs no account, no
// key and no internet. `SIMULATE_TIER=V0 npm start` also simulates the limits of a StepFun account.
// `npm run start:live` calls StepFun itself, with STEP_API_KEY from .dev.vars.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { readLimits, TIER_NAMES } from '../test/simulator/account.ts';
import { setDemoClient } from './clients/demo.ts';

const ROOT = join(import.meta.dirname, '..');
const HOST = '127.0.0.1';
const DEFAULT_PORT = '8787';
const READY_POLL_MS = 100;
const EXAMPLE_MODEL = 'step-3.5-flash';

const isLive = process.argv.includes('--live');
const command = isLive ? 'npm run start:live' : 'npm start';
const port = readPort(process.env['PORT'] ?? DEFAULT_PORT);
const url = `http://${HOST}:${port}`;
const devVars = readDevVars();

if (isLive && devVars === null) {
  fail(
    'There is no file .dev.vars: run cp .dev.vars.example .dev.vars, and write your STEP_API_KEY into it.',
  );
}
await requireFreePort();
// Before the gateway starts: with ANONYMOUS_ACCESS=false this client may be the only way in, and the gateway remembers
// for a minute that there is none.
const demoKey = isLive ? null : await createDemoClient();

// wrangler reports stale types for any config but the one that they were generated from, and for settings in
// .dev.vars. It looks for the types in its working directory: in this folder it finds none, and checks nothing.
const wrangler = spawn(
  'wrangler',
  ['dev', ...(isLive ? liveOptions() : simulatorOptions()), ...commonOptions()],
  {
    cwd: import.meta.dirname,
    stdio: 'inherit',
    env: {
      // Neither is needed here, and each prints an error without internet access.
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      WRANGLER_SEND_METRICS: 'false',
      ...process.env,
    },
  },
);
wrangler.on('error', () => fail('wrangler was not found: run npm install first.'));
wrangler.on('exit', (code) => process.exit(code ?? 0));
// package.json starts this script by `exec`: npm passes SIGTERM to its shell only, which would end without passing
// it on, and this process would keep the port.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => wrangler.kill(signal));

const { configuration, missing = [], wrong = [] } = await waitForHealth();
if (configuration === 'valid') {
  await printWelcome();
  if (demoKey !== null) printDemoClient(demoKey);
} else {
  const problems = [...missing, ...wrong].map(
    ({ setting, expected }) => `    ${setting}: expected ${expected}`,
  );
  console.error(`
  These settings are wrong. Correct them in ${isLive ? '.dev.vars or wrangler.toml' : '.dev.vars'}, and start again:
${problems.join('\n')}
`);
}

interface Problem {
  readonly setting: string;
  readonly expected: string;
}

/** The answer of `/healthz`, which names settings to a client on this machine. */
interface Health {
  readonly configuration: string;
  readonly missing?: readonly Problem[];
  readonly wrong?: readonly Problem[];
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function readPort(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= 65_535) return number;
  return fail(`PORT=${text} is not a port: use a number from 1 to 65535, such as PORT=8788 ${command}`);
}

/** @returns the settings of .dev.vars, which wrangler reads in both modes; null if there is no such file. */
function readDevVars(): NodeJS.Dict<string> | null {
  const path = join(ROOT, '.dev.vars');
  return existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : null;
}

/** Without this check wrangler would take another port, or the program on this port would answer in its place. */
async function requireFreePort(): Promise<void> {
  const probe = createServer().listen(port, HOST);
  try {
    await once(probe, 'listening');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'EACCES') fail(`Port ${port} may not be used by this user: try PORT=8788 ${command}`);
    if (error.code !== 'EADDRINUSE') throw error;
    fail(`Port ${port} is in use, perhaps by another npm start. Use another one: PORT=8788 ${command}`);
  }
  probe.close();
  await once(probe, 'close');
}

function commonOptions(): string[] {
  return ['--ip', HOST, '--port', String(port), '--show-interactive-dev-session=false'];
}

function liveOptions(): string[] {
  const options = ['-c', join(ROOT, 'wrangler.toml'), '--persist-to', join(ROOT, '.wrangler/live')];
  // --var overrides .dev.vars, so it is passed only if .dev.vars does not decide.
  if (devVars?.['ANONYMOUS_ACCESS'] === undefined) options.push('--var', 'ANONYMOUS_ACCESS:true');
  return options;
}

/** The store is not that of the live mode: a simulated answer must not be a cache hit there. */
function simulatorOptions(): string[] {
  const options = ['-c', join(ROOT, 'wrangler.local.toml'), '-c', simulatorConfig()];
  options.push('--persist-to', join(ROOT, '.wrangler/simulator'));
  // Overrides .dev.vars: the simulator must not get the real key.
  options.push('--var', 'STEP_API_KEY:sk-simulator');
  for (const [name, value] of Object.entries(gateSettings())) options.push('--var', `${name}:${value}`);
  return options;
}

/** @returns the tier to simulate; null: no limits. */
function simulatedTier(): string | null {
  const tier = process.env['SIMULATE_TIER'] ?? '';
  if (tier === '') return null;
  if (TIER_NAMES.includes(tier)) return tier;
  return fail(`SIMULATE_TIER=${tier} is not a tier: use one of ${TIER_NAMES.join(', ')}`);
}

/** wrangler's --var is for the first Worker only: the tier needs a config file of its own. */
function simulatorConfig(): string {
  const path = join(ROOT, 'test/simulator/wrangler.toml');
  const tier = simulatedTier();
  if (tier === null) return path;
  const folder = join(ROOT, '.wrangler');
  mkdirSync(folder, { recursive: true });
  const main = JSON.stringify(join(ROOT, 'test/simulator/index.ts'));
  const config = readFileSync(path, 'utf8').replace('main = "index.ts"', () => `main = ${main}`);
  const generated = join(folder, 'simulator.toml');
  writeFileSync(generated, `${config}TIER = ${JSON.stringify(tier)}\n`);
  return generated;
}

/** @returns the gateway's settings for the limits of the simulated account. */
function gateSettings(): Record<string, string> {
  const tier = simulatedTier();
  if (tier === null) return {};
  const { concurrency, rpm, tpm } = readLimits({ TIER: tier });
  const limits = { UPSTREAM_CONCURRENCY: concurrency, UPSTREAM_RPM: rpm, UPSTREAM_TPM: tpm };
  return Object.fromEntries(
    Object.entries(limits)
      .filter(([, limit]) => limit !== Infinity)
      .map(([name, limit]) => [name, String(limit)]),
  );
}

/** Waits until the gateway answers. */
async function waitForHealth(): Promise<Health> {
  for (;;) {
    try {
      const response = await fetch(`${url}/healthz`);
      return (await response.json()) as Health;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
    }
  }
}

/** Prints a command that works as it is; where a key is needed, with a placeholder for the key. */
async function printWelcome(): Promise<void> {
  const models = await fetch(`${url}/v1/models`);
  const needsKey = models.status === 401;
  const header = needsKey ? " -H 'authorization: Bearer YOUR_KEY'" : '';
  console.log(`
  stepfun-edge answers at ${url}
  Behind it: ${isLive ? `StepFun at ${baseUrl()}` : simulatorName()}
${needsKey ? `\n  Callers need a key: replace YOUR_KEY by ${credentials()}.\n` : ''}
  Try it:
    curl -N ${url}/v1/chat/completions${header} -H 'content-type: application/json' -d '{
      "model": ${JSON.stringify(await exampleModel(models))}, "stream": true,
      "messages": [{ "role": "user", "content": "Why is the sky blue?" }]
    }'
`);
  if (models.status >= 500) {
    console.error(
      '  StepFun did not answer the first call as expected: see "code" and "detail" in the log.\n',
    );
  }
}

/**
 * A client with a budget of its own, as an example of `npm run clients`. The gateway works without it.
 * @returns its key; null after a failure, which is printed.
 */
async function createDemoClient(): Promise<string | null> {
  try {
    return await setDemoClient();
  } catch (error) {
    console.error(`  There is no demo client: ${String(error)}`);
    return null;
  }
}

function printDemoClient(key: string): void {
  console.log(`  The client "demo" has a budget of its own (npm run clients -- list --local):
    curl ${url}/v1/usage -H 'authorization: Bearer ${key}'
`);
}

function simulatorName(): string {
  const tier = simulatedTier();
  if (tier === null) return 'the StepFun simulator';
  const { concurrency, rpm, tpm } = readLimits({ TIER: tier });
  return `the StepFun simulator as a ${tier} account (at a time ${concurrency}, RPM ${rpm}, TPM ${tpm})`;
}

/** @returns STEPFUN_BASE_URL as wrangler reads it: .dev.vars wins over [vars], the default is src/config's. */
function baseUrl(): string {
  const toml = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8');
  // One setting: wrangler's own reader would take 3 seconds more to load.
  const fromToml = /^\s*STEPFUN_BASE_URL\s*=\s*["']([^"']+)["']/m.exec(toml)?.[1];
  return devVars?.['STEPFUN_BASE_URL'] ?? fromToml ?? 'https://api.stepfun.ai/v1';
}

function credentials(): string {
  if (devVars?.['UPSTREAM_KEY'] === 'client') return 'your StepFun key (UPSTREAM_KEY is client)';
  if ((devVars?.['CLIENT_KEYS'] ?? '') !== '') return 'a key of CLIENT_KEYS in .dev.vars';
  if (demoKey !== null) return 'the key of the client "demo" below';
  return 'a credential that you have configured (a client key, a session or a user token)';
}

/** @returns the usual example, or the first model that this gateway offers. */
async function exampleModel(models: Response): Promise<string> {
  if (!models.ok) return devVars?.['ALLOWED_MODELS']?.split(',')[0]?.trim() || EXAMPLE_MODEL;
  const { data } = (await models.json()) as { data: readonly { id: string }[] };
  const ids = data.map(({ id }) => id);
  return ids.includes(EXAMPLE_MODEL) ? EXAMPLE_MODEL : (ids[0] ?? EXAMPLE_MODEL);
}
