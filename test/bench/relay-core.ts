// The relay's core alone, in this process: nanoseconds of rewriting per event, without workerd,
// sockets or streams around it.
//
//   esbuild test/bench/relay-core.ts --bundle --minify --format=esm --platform=node \
//     --outfile=node_modules/.cache/relay-core.mjs && node node_modules/.cache/relay-core.mjs [seconds a cell]
//
// Bundled and minified as the Worker is when deployed: V8 then knows the constants of
// other modules, which makes it half as fast again.
//
// An event is a chunk as StepFun sends it, half of them reasoning. `joined` is how
// many events one push holds.

import { GatewayError } from '../../src/http/errors.ts';
import type { RewriteOptions } from '../../src/relay/options.ts';
import { StreamRewriter } from '../../src/relay/stream-rewriter.ts';

const SECONDS = Number(process.argv[2] ?? 0.3);
const EVENTS = 1024;

const encoder = new TextEncoder();
const events = Array.from({ length: EVENTS }, (_, i) => {
  const name = i % 2 === 0 ? 'reasoning' : 'content';
  const delta = {
    role: i === 0 ? 'assistant' : '',
    [name]: [' the', ' gateway', ',', ' 网关', ' "so"'][i % 5],
  };
  return `data: ${JSON.stringify({
    id: 'd4ca43cd-83a7-4012-9ee7-b8f143eb1f8f',
    object: 'chat.completion.chunk',
    created: 1710146871,
    model: 'step-3.5-flash',
    choices: [{ index: 0, delta, finish_reason: '' }],
    usage: { prompt_tokens: 90, completion_tokens: i, total_tokens: 90 + i },
  })}\n\n`;
});

function pushes(joined: number): Uint8Array[] {
  return Array.from({ length: EVENTS / joined }, (_, i) =>
    encoder.encode(events.slice(i * joined, (i + 1) * joined).join('')),
  );
}

/** @returns ns per event of one pass over all events. */
function pass(input: readonly Uint8Array[], options: RewriteOptions): number {
  const rewriter = new StreamRewriter(options);
  const start = process.hrtime.bigint();
  let bytes = 0;
  for (const piece of input) bytes += rewriter.push(piece).length;
  const spent = Number(process.hrtime.bigint() - start);
  if (bytes === 0 || rewriter.isDone) throw new Error('the stream did not pass');
  return spent / EVENTS;
}

function measure(input: readonly Uint8Array[], options: RewriteOptions): { median: number; best: number } {
  const times: number[] = [];
  const until = performance.now() + SECONDS * 1000;
  while (performance.now() < until) times.push(pass(input, options));
  times.sort((a, b) => a - b);
  return { median: times[times.length >> 1] ?? NaN, best: times[0] ?? NaN };
}

const bytesPerEvent = Math.round(encoder.encode(events.join('')).length / EVENTS);
console.log(`ns per event of ${bytesPerEvent} bytes, median (best), Node ${process.version}`);
const variants = (['openai', 'stepfun'] as const).flatMap((shape) =>
  (['general', 'deepseek-style', 'hidden'] as const).map((reasoning) => ({ shape, reasoning })),
);
const readError = () => new GatewayError('upstream_malformed');
const base = { created: 1_700_000_000, choices: 1, includeUsage: false, readError };
// Every variant runs once before anything is measured: a deployment has one variant in an
// isolate, and with several V8 makes slower code, for the last rows alone.
for (const variant of variants) measure(pushes(16), { ...base, ...variant });
for (const variant of variants) {
  const cells = [1, 16, 64].map((joined) => {
    const { median, best } = measure(pushes(joined), { ...base, ...variant });
    return `joined ${joined}: ${median.toFixed(0)} (${best.toFixed(0)})`.padEnd(28);
  });
  console.log(`${variant.shape.padEnd(8)} ${variant.reasoning.padEnd(15)} ${cells.join('')}`);
}
