import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  curlSnippet,
  javaScriptSnippet,
  pythonSnippet,
  withoutBase64,
} from '../../../src/playground/playground/snippets.js';

type ChatRequest = Parameters<typeof curlSnippet>[0];

const TARGET = { baseUrl: 'https://gateway.example/v1', needsKey: true };
const OPEN = { ...TARGET, needsKey: false };

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom("it's", '$HOME `id` $(id)', String.raw`\n\\`, '"""', '\u2028', 'END', '%s {}', '\uD800'),
);
const request: fc.Arbitrary<ChatRequest> = fc.record({
  model: fc.constant('step-3.7-flash'),
  messages: fc.array(
    fc.record({
      role: fc.constantFrom('system' as const, 'user' as const, 'assistant' as const),
      content: text,
    }),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
  stream: fc.boolean(),
  reasoning_format: fc.constantFrom('general', 'hidden'),
  temperature: fc.constantFrom(0, 0.5, 1.7),
});

describe('curlSnippet', () => {
  it('is read by a shell as the request, whatever its text', () => {
    const requests = fc.sample(request, 300);
    const large = {
      ...requests[0]!,
      messages: [{ role: 'user' as const, content: `it's ${'x\n'.repeat(80_000)}` }],
    };
    for (const [at, one] of [...requests.slice(0, 10), large].entries()) {
      const { args, stdin } = runInShell(curlSnippet(one, TARGET), at);
      const body = args.includes('--data-binary') ? stdin : args[args.indexOf('-d') + 1];
      expect(JSON.parse(body ?? '')).toEqual(one);
      expect(args).toContain('https://gateway.example/v1/chat/completions');
      expect(args).toContain('Authorization: Bearer the-key');
      expect(args.includes('-N')).toBe(one.stream);
    }
  });

  it('names no key where none is needed', () => {
    expect(curlSnippet(fc.sample(request, 1)[0]!, OPEN)).not.toContain('Authorization');
  });
});

describe('javaScriptSnippet', () => {
  it('asks for the request', async () => {
    for (const one of fc.sample(request, 20)) {
      const asked = await runModule(javaScriptSnippet(one, TARGET));
      expect(asked).toEqual({ options: { baseURL: TARGET.baseUrl, apiKey: 'the-key' }, request: one });
    }
  });

  it('gives the client a key where the gateway needs none: it insists on one', async () => {
    const asked = await runModule(javaScriptSnippet(fc.sample(request, 1)[0]!, OPEN));
    expect(asked.options).toEqual({ baseURL: TARGET.baseUrl, apiKey: 'none' });
  });
});

describe('pythonSnippet', () => {
  it.skipIf(!hasPython())('asks for the request', () => {
    const requests = fc.sample(request, 100);
    for (const target of [TARGET, OPEN]) {
      const asked = runPython(requests.map((one) => pythonSnippet(one, target)));
      expect(asked).toEqual(
        requests.map(({ reasoning_format, ...fields }) =>
          Object.assign(fields, {
            base_url: TARGET.baseUrl,
            api_key: target.needsKey ? 'the-key' : 'none',
            extra_body: { reasoning_format },
          }),
        ),
      );
    }
  });
});

describe('withoutBase64', () => {
  it('leaves an image out, and nothing else', () => {
    expect(withoutBase64(`a "data:image/jpeg;base64,${'A'.repeat(5000)}==" b`)).toBe(
      `a "data:image/jpeg;base64,${'A'.repeat(16)}…" b`,
    );
    expect(withoutBase64('data:image/png is a URL')).toBe('data:image/png is a URL');
  });
});

/** Runs the snippet with a curl that only says what it was given. */
function runInShell(snippet: string, at: number): { args: string[]; stdin: string } {
  const mark = `\u0001${at}\u0001`;
  const spy = `curl() { printf '%s${mark}' "$@"; [[ " $* " == *' --data-binary '* ]] && cat; true; }\n`;
  const output = execFileSync('bash', ['-s'], {
    input: `${spy}${snippet}\n`,
    env: { ...process.env, GATEWAY_KEY: 'the-key' },
    encoding: 'utf8',
  });
  const parts = output.split(mark);
  return { args: parts.slice(0, -1), stdin: parts.at(-1) ?? '' };
}

/** Runs the snippet as a module, with an `openai` that only says what it was asked. */
async function runModule(snippet: string): Promise<{ options: unknown; request: unknown }> {
  let options: unknown;
  let asked: unknown;
  class OpenAI {
    constructor(given: unknown) {
      options = given;
    }
    readonly chat = {
      completions: {
        create: (given: unknown) => {
          asked = given;
          const empty = { choices: [{ message: { content: '' } }] };
          return Object.assign(empty, {
            async *[Symbol.asyncIterator]() {
              yield { choices: [{ delta: {} }] };
            },
          });
        },
      },
    };
  }
  const body = snippet.replace(/^import OpenAI .*$/m, '');
  const parameters = ['OpenAI', 'process', 'console'];
  // oxlint-disable-next-line typescript/no-implied-eval -- the snippet is what is tested
  const run = new Function(...parameters, `return (async () => {${body}})();`) as (
    ...given: unknown[]
  ) => Promise<void>;
  await run(
    OpenAI,
    { env: { GATEWAY_KEY: 'the-key' }, stdout: { write: () => true } },
    { log: () => undefined },
  );
  return { options, request: asked };
}

function hasPython(): boolean {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Runs the snippets with an `openai` module that only says what it was asked. */
function runPython(snippets: readonly string[]): unknown {
  const program = `
import json, os, sys, types
asked = []
class OpenAI:
    def __init__(self, **options):
        def create(**fields):
            asked.append({**options, **fields})
            message = types.SimpleNamespace(message=types.SimpleNamespace(content=""))
            return [] if fields["stream"] else types.SimpleNamespace(choices=[message])
        self.chat = types.SimpleNamespace(completions=types.SimpleNamespace(create=create))
module = types.ModuleType("openai")
module.OpenAI = OpenAI
sys.modules["openai"] = module
os.environ["GATEWAY_KEY"] = "the-key"
out, sys.stdout = sys.stdout, sys.stderr
for snippet in json.load(sys.stdin):
    exec(snippet, {})
json.dump(asked, out)
`;
  const output = execFileSync('python3', ['-c', program], {
    input: JSON.stringify(snippets),
    encoding: 'utf8',
    maxBuffer: 1e8,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return JSON.parse(output);
}
