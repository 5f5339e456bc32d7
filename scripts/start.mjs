// `npm start`: the gateway on http://127.0.0.1:8787, with the StepFun simulator in place of
// StepFun: no account, no key, no internet. `npm run start:live` asks the real StepFun, with
// STEP_API_KEY from .dev.vars.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setDemoClient } from './clients/demo.ts';

const HOST = '127.0.0.1';
const READY_POLL_MS = 100;

const live = process.argv.includes('--live');
const port = Number(process.env.PORT ?? 8787);
const url = `http://${HOST}:${port}`;

if (live && !existsSync('.dev.vars')) {
  console.error(
    'There is no .dev.vars yet: cp .dev.vars.example .dev.vars, and put your STEP_API_KEY into it.',
  );
  process.exit(1);
}

// Otherwise wrangler would name an option that is not ours, and the other server would answer for us.
try {
  const probe = createServer().listen(port, HOST);
  await once(probe, 'listening');
  await once(probe.close(), 'close');
} catch (error) {
  if (error.code !== 'EADDRINUSE') throw error;
  console.error(
    `Port ${port} is in use, perhaps by another npm start. Take another one: PORT=8788 npm ${live ? 'run start:live' : 'start'}`,
  );
  process.exit(1);
}

// --var wins over .dev.vars, which wrangler reads for both. So the simulator gets neither your key nor an empty one.
// To try client keys against StepFun, write ANONYMOUS_ACCESS=false into .dev.vars.
const isOpennessChosen = live && /^ANONYMOUS_ACCESS\s*=/m.test(readFileSync('.dev.vars', 'utf8'));
const configs = live
  ? ['--env=', '-c', 'wrangler.toml']
  : ['--env', 'local', '-c', 'wrangler.toml', '-c', 'test/simulator/wrangler.toml'];
if (!live) configs.push('--var', 'STEP_API_KEY:sk-simulator');
else if (!isOpennessChosen) configs.push('--var', 'ANONYMOUS_ACCESS:true');
// A store for each: an answer of the simulator must not be a cache hit where StepFun is asked.
configs.push('--persist-to', `.wrangler/${live ? 'live' : 'simulator'}`);
const options = ['--ip', HOST, '--port', String(port), '--show-interactive-dev-session=false'];

const wrangler = spawn('wrangler', ['dev', ...configs, ...options], {
  stdio: 'inherit',
  env: {
    // Neither is needed here, and without internet each would print a failure.
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    WRANGLER_SEND_METRICS: 'false',
    ...process.env,
  },
});
wrangler.on('exit', (code) => process.exit(code ?? 0));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => wrangler.kill(signal));

let health = await askHealth();
for (; health === null; health = await askHealth()) {
  await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
}
if (health.configuration !== 'valid') {
  const problems = [...(health.missing ?? []), ...(health.wrong ?? [])];
  console.error(`
  These settings are wrong. Correct them in ${live ? '.dev.vars or wrangler.toml' : '.dev.vars'}, and start again:
${problems.map(({ setting, expected }) => `    ${setting}: expected ${expected}`).join('\n')}
`);
} else {
  const key = await keyToShow();
  const authorization = key === null ? '' : ` -H "authorization: Bearer ${key}"`;
  console.log(`
  stepfun-edge answers at ${url}  (${live ? `asking ${baseUrl()}` : 'with the StepFun simulator'})

  Try it:
    curl -N ${url}/v1/chat/completions${authorization} -H 'content-type: application/json' -d '{
      "model": "step-3.5-flash", "stream": true,
      "messages": [{ "role": "user", "content": "Why is the sky blue?" }]
    }'
`);
  if (!live) await showDemoClient();
}

/** @returns what a request needs for access: nothing, or a placeholder where a key is needed. */
async function keyToShow() {
  const { status } = await fetch(`${url}/v1/usage`); // the one address that doesn't ask StepFun
  return status === 401 ? '$KEY' : null;
}

/** A client with a budget, to see what `npm run clients` makes. It is no matter if that fails. */
async function showDemoClient() {
  try {
    const key = await setDemoClient();
    console.log(`  The demo client has a budget of its own (npm run clients -- list --local):
    curl ${url}/v1/usage -H "authorization: Bearer ${key}"
`);
  } catch (error) {
    console.error(`  No demo client: ${error.message}`);
  }
}

/** Where the gateway sends requests: the first that says so, as wrangler reads them. */
function baseUrl() {
  const found = ['.dev.vars', 'wrangler.toml']
    .filter((file) => existsSync(file))
    .map((file) => /^STEPFUN_BASE_URL\s*=\s*["']?([^"'\s]+)/m.exec(readFileSync(file, 'utf8'))?.[1])
    .find((value) => value !== undefined);
  return found ?? 'https://api.stepfun.ai/v1';
}

/** @returns the gateway's state; null until it answers. */
async function askHealth() {
  try {
    const response = await fetch(`${url}/healthz`);
    return await response.json();
  } catch {
    return null;
  }
}
