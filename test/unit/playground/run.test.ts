import { afterEach, describe, expect, it, vi } from 'vitest';
import { Access } from '../../../src/playground/playground/access.js';
import {
  buildRequest,
  createAnswer,
  emptyQuestion,
} from '../../../src/playground/playground/conversation.js';
import { KNOWN_MODELS } from '../../../src/playground/playground/models.js';
import { runAnswer } from '../../../src/playground/playground/run.js';
import { DEFAULTS } from '../../../src/playground/playground/settings.js';

const STREAM = 'data: {"choices":[{"delta":{"content":"Hi."},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';

afterEach(() => vi.unstubAllGlobals());

describe('runAnswer', () => {
  it('records only the second exchange after a refused session', async () => {
    const stream = new Response(STREAM, { headers: { 'content-type': 'text/event-stream' } });
    const responses = [
      Response.json({ error: { message: 'No.', code: 'invalid_api_key' } }, { status: 401 }),
      stream,
    ];
    vi.stubGlobal('fetch', async () => responses.shift());
    const access = new Access('a-site-key');
    vi.spyOn(access, 'token').mockResolvedValue('a-session');
    const request = buildRequest([], { ...emptyQuestion(), text: 'Hello' }, DEFAULTS, KNOWN_MODELS[0]);
    const answer = createAnswer(request, 0);
    await runAnswer(answer, {
      access,
      signal: new AbortController().signal,
      refresh: false,
      changed: () => {},
    });
    expect(answer.phase).toBe('done');
    expect(answer.trace).toMatchObject({ status: 200, recordedChars: STREAM.length, omittedChars: 0 });
    expect(answer.trace.pieces.map(({ text }) => text).join('')).toBe(STREAM);
  });
});
