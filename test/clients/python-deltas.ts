// A reference implementation of the accumulation in OpenAI's Python client: `accumulate_delta` in
// `openai/lib/streaming/_deltas.py`, statement by statement. Strings are joined, numbers are added, `index` and
// `type` are replaced, objects are merged, and lists of objects are merged by their `index`.

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type Delta = Record<string, Json>;

/** @throws {TypeError} as the client does, for a list entry without an index. */
export function accumulateDelta(accumulated: Delta, delta: Delta): Delta {
  const result: Delta = { ...accumulated };
  for (const [key, value] of Object.entries(delta)) {
    const known = result[key];
    result[key] = known === undefined || known === null ? value : accumulateValue(key, known, value);
  }
  return result;
}

function accumulateValue(key: string, known: Json, value: Json): Json {
  if (key === 'index' || key === 'type') return value;
  if (typeof known === 'string' && typeof value === 'string') return known + value;
  if (typeof known === 'number' && typeof value === 'number') return known + value;
  if (isDict(known) && isDict(value)) return accumulateDelta(known, value);
  if (Array.isArray(known) && Array.isArray(value)) return accumulateList(known, value);
  return known;
}

function accumulateList(known: readonly Json[], entries: readonly Json[]): Json[] {
  // The entries of a list of plain values are never changed later: new ones are appended.
  if (known.every((one) => typeof one === 'string' || typeof one === 'number')) return [...known, ...entries];
  const result = [...known];
  for (const entry of entries) {
    if (!isDict(entry))
      throw new TypeError(`Unexpected list delta entry is not a dictionary: ${JSON.stringify(entry)}`);
    const index = entry['index'];
    if (typeof index !== 'number') {
      throw new TypeError(`Expected list delta entry to have an \`index\` key; ${JSON.stringify(entry)}`);
    }
    const existing = result[index];
    if (existing === undefined) result.splice(index, 0, entry);
    else if (isDict(existing)) result[index] = accumulateDelta(existing, entry);
    else throw new TypeError('not handled yet');
  }
  return result;
}

function isDict(value: Json): value is Delta {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
