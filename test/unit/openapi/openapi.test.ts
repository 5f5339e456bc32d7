// The API's description as a document: up to date, complete, with valid examples, and not in
// the Worker's bundle.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { errorBody, errorCodes, GatewayError, type ErrorCode } from '../../../src/http/errors.ts';
import { parse } from '../chat/request/support.ts';
import { description, type Operation, validator } from './validator.ts';

const ROOT = join(import.meta.dirname, '../../..');
const { paths, components } = description;

const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
);

function example({ $ref, value }: { $ref?: string; value?: unknown }): unknown {
  return $ref === undefined ? value : components.examples[$ref.split('/').at(-1) ?? '']?.value;
}

describe('the description', () => {
  it('is the served file', async () => {
    await promisify(execFile)(process.execPath, ['scripts/openapi.ts', '--check'], { cwd: ROOT });
  });

  it("is not in the Worker's bundle", async () => {
    const { metafile } = await build({
      entryPoints: [join(ROOT, 'src/index.ts')],
      absWorkingDir: ROOT,
      bundle: true,
      format: 'esm',
      write: false,
      metafile: true,
      external: ['cloudflare:*', 'node:*'],
    });
    const inputs = Object.keys(metafile.inputs);
    expect(inputs).toContain('src/router.ts');
    expect(inputs.filter((input) => input.includes('openapi'))).toEqual([]);
  });

  it('has every route of the contract', () => {
    expect(operations.map(([name]) => name)).toEqual([
      'post /v1/chat/completions',
      'get /v1/models',
      'get /v1/models/{id}',
      'get /v1/usage',
      'post /v1/session',
      'get /healthz',
      'get /openapi.json',
      'get /',
    ]);
  });

  it.each(operations)('has valid examples: %s', (_, { requestBody, responses }) => {
    const contents = [requestBody, ...Object.values(responses)].flatMap((one) =>
      Object.values(one?.content ?? {}),
    );
    for (const { schema, examples = {}, ...content } of contents) {
      const validate = validator(schema);
      const shown = Object.values(examples).map(example);
      if (content.example !== undefined) shown.push(content.example);
      for (const value of shown)
        expect([validate(value), value, validate.errors]).toEqual([true, value, null]);
    }
  });

  it('has requests that the gateway accepts', () => {
    const examples =
      paths['/v1/chat/completions']?.['post']?.requestBody?.content['application/json']?.examples;
    expect(Object.keys(examples ?? {}).length).toBeGreaterThan(5);
    for (const shown of Object.values(examples ?? {})) expect(() => parse(example(shown))).not.toThrow();
  });
});

describe('errors', () => {
  const codes = errorCodes as readonly ErrorCode[];

  it('are all described', () => {
    expect(components.schemas['ErrorCode']?.enum).toEqual(codes);
    const text = components.schemas['ErrorCode']?.description ?? '';
    for (const code of codes) expect(text).toContain(`| \`${code}\` | ${new GatewayError(code).status} |`);
  });

  it('are listed under their status, each in at least one operation', () => {
    const met = new Set<string>();
    for (const [name, { responses }] of operations) {
      for (const [status, { content }] of Object.entries(responses)) {
        const { examples = {}, schema } = content?.['application/json'] ?? {};
        if (schema?.$ref !== '#/components/schemas/Error') continue;
        for (const code of Object.keys(examples)) {
          met.add(code);
          expect([name, code, status]).toEqual([
            name,
            code,
            String(new GatewayError(code as ErrorCode).status),
          ]);
          expect(example(examples[code] ?? {})).toMatchObject({
            error: { code, type: errorBody(new GatewayError(code as ErrorCode)).error.type },
          });
        }
      }
    }
    // Another method is not an operation of the document.
    expect(codes.filter((code) => !met.has(code))).toEqual(['method_not_allowed']);
  });

  it.each(['429', '502', '504'])('after a slot was taken state the time in the queue: %s', (status) => {
    const { responses } = paths['/v1/chat/completions']?.['post'] ?? { responses: {} };
    expect(responses[status]?.headers).toHaveProperty('X-Queue-Ms');
  });

  it('of a missing file are described: /openapi.json', () => {
    const content = paths['/openapi.json']?.['get']?.responses['404']?.content;
    expect(content?.['application/json']?.examples).toHaveProperty('not_found');
  });
});
