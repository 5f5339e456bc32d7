// `npm start`: the gateway on http://127.0.0.1:8787, with the StepFun simulator
// in StepFun's place: no account, no key, no internet. `npm run start:live`
// asks the real StepFun, with STEP_API_KEY from .dev.vars.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

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

const configs = live
  ? ['--env=', '-c', 'wrangler.toml', '--var', 'ANONYMOUS_ACCESS:true']
  : ['--env', 'local', '-c', 'wrangler.toml', '-c', 'test/simulator/wrangler.toml'];
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
  console.error('\n  The settings are not right. Ask it something: the log then says which, and why.');
}
console.log(`
  stepfun-edge answers at ${url}  (${live ? 'StepFun itself' : 'the StepFun simulator'} behind it)

  Try it:
    curl -N ${url}/v1/chat/completions -H 'content-type: application/json' -d '{
      "model": "step-3.5-flash", "stream": true,
      "messages": [{ "role": "user", "content": "Why is the sky blue?" }]
    }'
`);

/** @returns what the gateway says of itself; null as long as nobody answers. */
async function askHealth() {
  try {
    const response = await fetch(`${url}/healthz`);
    return await response.json();
  } catch {
    return null;
  }
}
