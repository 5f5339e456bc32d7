// `npm start`: the gateway on http://127.0.0.1:8787, with the StepFun simulator
// in StepFun's place: no account, no key, no internet. `npm run start:live`
// asks the real StepFun, with STEP_API_KEY from .dev.vars.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';

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

// Else wrangler would name an option that is not ours, and whoever has the port would answer for us.
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

// --var wins over .dev.vars, which wrangler reads for both. So the simulator never gets your key, nor an empty one;
// and whoever tries a way in against StepFun can close the door: ANONYMOUS_ACCESS=false in .dev.vars.
const isOpennessChosen = live && /^ANONYMOUS_ACCESS\s*=/m.test(readFileSync('.dev.vars', 'utf8'));
const configs = live
  ? ['--env=', '-c', 'wrangler.toml']
  : ['--env', 'local', '-c', 'wrangler.toml', '-c', 'test/simulator/wrangler.toml'];
if (!live) configs.push('--var', 'STEP_API_KEY:sk-simulator');
else if (!isOpennessChosen) configs.push('--var', 'ANONYMOUS_ACCESS:true');
// A store for each: what the simulator said must not be a cache hit where StepFun is asked.
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
  // Asked for anything but its health, it says in the log which setting is wrong, and why.
  await fetch(`${url}/v1/models`);
  console.error(
    `\n  A setting is wrong: "detail", in the log above or below this, says which. Mend it in ${live ? '.dev.vars or wrangler.toml' : '.dev.vars'}, and start again.`,
  );
} else {
  console.log(`
  stepfun-edge answers at ${url}  (${live ? 'StepFun itself' : 'the StepFun simulator'} behind it)

  Try it:
    curl -N ${url}/v1/chat/completions -H 'content-type: application/json' -d '{
      "model": "step-3.5-flash", "stream": true,
      "messages": [{ "role": "user", "content": "Why is the sky blue?" }]
    }'
`);
}

/** @returns what the gateway says of itself; null as long as nobody answers. */
async function askHealth() {
  try {
    const response = await fetch(`${url}/healthz`);
    return await response.json();
  } catch {
    return null;
  }
}
