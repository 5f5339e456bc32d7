import { describe, expect, it } from 'vitest';
import { isSimulated, KNOWN_MODELS, parseModels } from '../../../src/playground/playground/models.js';

describe('parseModels', () => {
  it('reads OpenAI’s list with the gateway’s capabilities', () => {
    const data = [
      { id: 'step-new', object: 'model', reasoning_efforts: ['high'], input_modalities: ['text', 'image'] },
      { id: 'step-3.5-flash-2603' },
      { id: 'step-plain' },
      { object: 'model' },
      7,
    ];
    expect(parseModels({ object: 'list', data })).toEqual([
      { id: 'step-new', efforts: ['high'], inputs: ['text', 'image'] },
      { id: 'step-3.5-flash-2603', efforts: ['low', 'high'], inputs: ['text'] },
      { id: 'step-plain', efforts: [], inputs: null },
    ]);
  });

  it.each([undefined, null, {}, { data: [] }, { data: 'x' }, []])(
    'falls back on the known ones for %j',
    (answer) => {
      expect(parseModels(answer)).toEqual(KNOWN_MODELS);
    },
  );
});

describe('isSimulated', () => {
  it('recognizes the simulator by owned_by', () => {
    expect(isSimulated({ data: [{ id: 'a', owned_by: 'stepfun-simulator' }] })).toBe(true);
    for (const answer of [undefined, {}, { data: [{ id: 'stepfun-simulator', owned_by: 'stepai' }] }]) {
      expect(isSimulated(answer)).toBe(false);
    }
  });
});
