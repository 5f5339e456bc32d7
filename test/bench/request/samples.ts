// The measured requests.

const WORDS =
  'the answer lies in what a model reads before it speaks and how carefully each word of a long talk is kept in mind '.split(
    ' ',
  );

/** A question with instructions: about 1 KB. */
export function small(): string {
  return JSON.stringify({
    model: 'step-3.5-flash',
    messages: [
      { role: 'system', content: prose(600, 1) },
      { role: 'user', content: prose(220, 2) },
    ],
    temperature: 0.7,
    max_tokens: 1024,
    stream: true,
  });
}

/** A history of 200 messages, about 100 KB. */
export function long(): string {
  return JSON.stringify({
    model: 'step-3.5-flash',
    messages: Array.from({ length: 200 }, (_, index) => ({
      role: index === 0 ? 'system' : index % 2 === 0 ? 'assistant' : 'user',
      content: prose(465, index),
    })),
    temperature: 0.7,
    stream: true,
  });
}

/** An agent's history of 200 messages, about 100 KB: calls of a tool and their answers. */
export function agent(): string {
  return JSON.stringify({
    model: 'step-3.5-flash',
    messages: Array.from({ length: 100 }, (_, index) => [
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          {
            id: `call_${index}`,
            type: 'function',
            function: { name: 'look_up', arguments: JSON.stringify({ query: prose(300, index) }) },
          },
        ],
      },
      { role: 'tool', tool_call_id: `call_${index}`, content: prose(480, index) },
    ]).flat(),
    tools: [
      {
        type: 'function',
        function: {
          name: 'look_up',
          parameters: { type: 'object', properties: { query: { type: 'string' } } },
        },
      },
    ],
  });
}

/** A question about an image of 5 MB in base64. */
export function image(): string {
  const url = `data:image/png;base64,${base64(5_000_000)}`;
  return JSON.stringify({
    model: 'step-3.7-flash',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is in this image?' },
          { type: 'image_url', image_url: { url } },
        ],
      },
    ],
    stream: true,
  });
}

function prose(chars: number, seed: number): string {
  let text = '';
  for (let index = seed; text.length < chars; index += 7) text += `${WORDS[index % WORDS.length]} `;
  return text.slice(0, chars - 1) + (seed % 3 === 0 ? '\n' : '.');
}

function base64(chars: number): string {
  const bytes = new Uint8Array((chars * 3) / 4);
  let state = 1;
  for (let index = 0; index < bytes.length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7f_ff_ff_ff;
    bytes[index] = state >> 16;
  }
  return Buffer.from(bytes).toString('base64');
}

/** A short question that is asked only once. */
export function question(n: number): string {
  return JSON.stringify({
    model: 'step-3.5-flash',
    messages: [{ role: 'user', content: `Question ${n}: ${prose(200, n)}` }],
  });
}

/** StepFun's whole answer; the default is about 2 KB. */
export function completion(content = prose(1_400, 1), reasoning = prose(300, 2)): string {
  const message = { role: 'assistant', content, reasoning };
  return JSON.stringify({
    id: 'b7b56af0-52a6-483f-a589-948182676a1b',
    object: 'chat.completion',
    created: 1_709_893_411,
    model: 'step-3.5-flash',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: { prompt_tokens: 83, completion_tokens: 176, total_tokens: 259 },
  });
}
