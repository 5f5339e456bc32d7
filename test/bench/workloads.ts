// The bytes that StepFun sends in each workload: events as its page shows
// them (about 280 bytes, `role:""`, `finish_reason:""`, usage on each), half of
// them reasoning, and how they are cut into HTTP chunks.

export interface Workload {
  /** How the events are cut: one a chunk, 16 a chunk, or anywhere (97 bytes on average). */
  readonly cut: 'event' | 'many' | 'anywhere';
  /** Events of each stream. */
  readonly events: number;
  /** Streams at the same time. */
  readonly streams: number;
  /** Between two chunks; 0: as fast as the other side takes them. */
  readonly everyMs: number;
}

export type WorkloadName = 'burst' | 'many' | 'mid' | 'paced';

/** @param scale - 1 for a full run, less for a quick one. */
export function workloads(scale: number): Record<WorkloadName, Workload> {
  const events = Math.round(2_400 * scale);
  return {
    burst: { cut: 'event', events, streams: 1, everyMs: 0 },
    many: { cut: 'many', events: 4 * events, streams: 1, everyMs: 0 },
    mid: { cut: 'anywhere', events, streams: 1, everyMs: 0 },
    // An answer of 1,000 tokens: what a stream costs once is a real stream's share of it.
    paced: { cut: 'event', events: Math.round(1_000 * scale), streams: 20, everyMs: 10 },
  };
}

const EVENTS_PER_CHUNK = 16;
const MEAN_CUT_BYTES = 97;

/** @returns the answer's body, one Buffer for each HTTP chunk. */
export function chunksOf({ cut, events }: Workload): Buffer[] {
  const all = [...eventsOf(events), 'data: [DONE]\n\n'].map((event) => Buffer.from(event));
  if (cut === 'event') return all;
  if (cut === 'many') {
    return Array.from({ length: Math.ceil(all.length / EVENTS_PER_CHUNK) }, (_, index) =>
      Buffer.concat(all.slice(index * EVENTS_PER_CHUNK, (index + 1) * EVENTS_PER_CHUNK)),
    );
  }
  const bytes = Buffer.concat(all);
  const chunks: Buffer[] = [];
  let state = 1;
  for (let at = 0; at < bytes.length;) {
    // A fixed sequence (Lehmer's): every run cuts at the same places.
    state = (state * 48_271) % 2_147_483_647;
    const size = 1 + (state % (2 * MEAN_CUT_BYTES - 1));
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

const WORDS = [
  'StepFun',
  ' AI',
  ',',
  ' intelligent',
  ' and',
  ' secure',
  ' multilingual',
  ' fast',
  '\\n',
  '阶跃',
];

function eventsOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const word = WORDS[index % WORDS.length] ?? '';
    const text = index < count / 2 ? `"reasoning":"${word}"` : `"content":"${word}"`;
    const finish = index === count - 1 ? 'stop' : '';
    const tokens = index + 1;
    return (
      'data: {"id":"d4ca43cd-83a7-4012-9ee7-b8f143eb1f8f","object":"chat.completion.chunk","created":1710146871,' +
      `"model":"step-3.5-flash","choices":[{"index":0,"delta":{"role":"",${text}},"finish_reason":"${finish}"}],` +
      `"usage":{"prompt_tokens":90,"completion_tokens":${tokens},"total_tokens":${90 + tokens}}}\n\n`
    );
  });
}
