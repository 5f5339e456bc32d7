// A tool's result as readable lines.

const LINES_MAX = 12;
const LINE_CHARS = 400;

/** @returns one line for each entry of a JSON object or list; otherwise the text as one line. */
export function readResult(result: string): [string, ...string[]] {
  const lines = linesOf(parse(result)).slice(0, LINES_MAX);
  const [first, ...rest] = lines.map((line) => line.slice(0, LINE_CHARS));
  return first === undefined ? [result.trim().slice(0, LINE_CHARS) || '(nothing)'] : [first, ...rest];
}

function linesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(inline);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).map(([name, one]) => `${name.replaceAll('_', ' ')}: **${inline(one)}**`);
}

function inline(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
