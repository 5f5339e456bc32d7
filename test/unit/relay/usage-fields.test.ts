import { describe, expect, it } from 'vitest';
import { completeUsage, readUsage } from '../../../src/relay/usage-fields.ts';

describe('readUsage', () => {
  it.each([
    [{ prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, cached_tokens: 4 }, [1, 2, 3, 4]],
    [{ prompt_tokens_details: { cached_tokens: 4 } }, [0, 0, 0, 4]],
    [{ prompt_cache_hit_tokens: 4 }, [0, 0, 0, 4]],
    // A missing total, and one that is smaller than its parts, is their sum.
    [{ prompt_tokens: 1, completion_tokens: 2 }, [1, 2, 3, 0]],
    [{ prompt_tokens: 1, completion_tokens: 2, total_tokens: 1 }, [1, 2, 3, 0]],
    [{ prompt_tokens: 1, completion_tokens: 2, total_tokens: 9 }, [1, 2, 9, 0]],
    // A value that is no count is 0.
    [{ prompt_tokens: -1, completion_tokens: '2', total_tokens: Infinity, cached_tokens: 1.5 }, [0, 0, 0, 0]],
    [{}, [0, 0, 0, 0]],
  ])('%j', (usage, [promptTokens, completionTokens, totalTokens, cachedTokens]) => {
    expect(readUsage(usage)).toEqual({ promptTokens, completionTokens, totalTokens, cachedTokens });
  });
});

describe('completeUsage', () => {
  const ALL = {
    cached_tokens: 7,
    prompt_tokens_details: { cached_tokens: 7 },
    prompt_cache_hit_tokens: 7,
  };

  it.each([
    [{ cached_tokens: 7 }, ALL],
    [{ prompt_tokens_details: { cached_tokens: 7 } }, ALL],
    [{ prompt_cache_hit_tokens: 7 }, ALL],
    [{ cached_tokens: null, prompt_tokens_details: null, prompt_cache_hit_tokens: 7 }, ALL],
    [{ cached_tokens: 7, prompt_tokens_details: { cached_tokens: null } }, ALL],
    [
      { prompt_cache_hit_tokens: 7, prompt_tokens_details: { audio_tokens: 1 } },
      { ...ALL, prompt_tokens_details: { audio_tokens: 1, cached_tokens: 7 } },
    ],
    [
      { cached_tokens: 0 },
      { cached_tokens: 0, prompt_tokens_details: { cached_tokens: 0 }, prompt_cache_hit_tokens: 0 },
    ],
  ])('gives cached tokens all their names: %j', (usage, expected) => {
    expect(completeUsage(usage)).toBe(true);
    expect(usage).toEqual(expected);
  });

  it.each([
    { ...ALL },
    { cached_tokens: 7, prompt_tokens_details: { cached_tokens: 1 }, prompt_cache_hit_tokens: 2 },
    { cached_tokens: null },
    { cached_tokens: '7' },
    { prompt_tokens: 1 },
  ])('changes nothing else: %j', (usage) => {
    const before = structuredClone(usage);
    expect(completeUsage(usage)).toBe(false);
    expect(usage).toEqual(before);
  });

  it('keeps details that are no object', () => {
    const usage = { cached_tokens: 7, prompt_tokens_details: [] };
    expect(completeUsage(usage)).toBe(true);
    expect(usage).toEqual({ cached_tokens: 7, prompt_tokens_details: [], prompt_cache_hit_tokens: 7 });
  });
});
