import { afterEach, describe, expect, it, vi } from 'vitest';
import { LOG_STRING_CHARS } from '../../../src/config/limits.ts';
import { log } from '../../../src/http/log.ts';

afterEach(() => vi.restoreAllMocks());

describe('log', () => {
  it('writes one JSON line, whatever is in it', () => {
    const write = vi.spyOn(console, 'error').mockImplementation(() => {});
    log('error', 'failed', { detail: 'a\r\n{"level":"info"}\u001b[31m', status: 500, nothing: undefined });
    expect(write).toHaveBeenCalledOnce();
    const line = String(write.mock.calls[0]?.[0]);
    // eslint-disable-next-line no-control-regex -- exactly these must not reach a terminal
    expect(line).not.toMatch(/[\u0000-\u001f]/);
    expect(JSON.parse(line)).toEqual({
      level: 'error',
      event: 'failed',
      detail: 'a\r\n{"level":"info"}\u001b[31m',
      status: 500,
    });
  });

  it.each([[undefined], [{}], [{ nothing: undefined }]])('needs no fields (%o)', (fields) => {
    const write = vi.spyOn(console, 'info').mockImplementation(() => {});
    log('info', 'started', fields);
    expect(write).toHaveBeenCalledExactlyOnceWith('{"level":"info","event":"started"}');
  });

  it('caps every text', () => {
    const write = vi.spyOn(console, 'warn').mockImplementation(() => {});
    log('warn', 'long', { detail: 'x'.repeat(100_000) });
    expect(JSON.parse(String(write.mock.calls[0]?.[0])).detail).toHaveLength(LOG_STRING_CHARS);
  });
});
