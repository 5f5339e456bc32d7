// Calculations in a prompt: digits, + - * / ^ and brackets, and the words for these signs. It has its own parser,
// because a Worker may not call eval.

const SPELLED: readonly (readonly [RegExp, string])[] = [
  [/\bplus\b|加上?/gi, '+'],
  [/\bminus\b|减去?/gi, '-'],
  [/\b(?:times|multiplied by)\b|[×·✕]|乘以?/gi, '*'],
  [/\bdivided by\b|÷|除以/gi, '/'],
  [/\bto the power of\b|\*\*/gi, '^'],
  [/(\d+(?:\.\d+)?)\s*%\s*of\b/gi, '$1/100*'],
];

const SUM = /[(\d][\d\s.()+\-*/^]*[\d)]/g;

const CUE = /(?:^|what(?:'s| is)|how much is|calculate|compute|solve|计算|算)\s*$/i;

export interface Sum {
  /** For reading: `17 × 23`. */
  readonly formatted: string;
  /** For a calculator tool: `17 * 23`. */
  readonly expression: string;
  readonly value: number;
}

/** @returns the first calculation in a text that has a result; null if there is none. */
export function findSum(text: string): Sum | null {
  const PROMPT_CHARS_MAX = 500;
  let normal = text.slice(0, PROMPT_CHARS_MAX);
  for (const [pattern, sign] of SPELLED) normal = normal.replace(pattern, sign);
  for (const match of normal.matchAll(SUM)) {
    const [found] = match;
    if (!/[+\-*/^]/.test(found)) continue;
    if (/^\d+([-/])\d+\1\d+$/.test(found)) continue; // a date
    // A range, a score or a phone number has the same signs without spaces: these need a question before them.
    if (/^[\d.]+(?:[-/][\d.]+)+$/.test(found) && !CUE.test(normal.slice(0, match.index))) continue;
    const value = evaluate(found);
    if (value === null) continue;
    const expression = found.replace(/\s+/g, '').replace(/[+\-*/^]/g, ' $& ');
    return { expression, formatted: expression.replaceAll('*', '×').replaceAll('/', '÷'), value };
  }
  return null;
}

/** @returns a number with at most six digits after the point. */
export function formatNumber(value: number): string {
  return String(Math.round(value * 1e6) / 1e6);
}

/** Recursive descent, one level of precedence each. Null: not a calculation, or no finite result. */
function evaluate(source: string): number | null {
  const tokens = source.match(/\d+(?:\.\d+)?|[()+\-*/^]/g) ?? [];
  let at = 0;
  const take = (sign: string): boolean => tokens[at] === sign && ++at > 0;

  function sum(): number {
    let left = product();
    for (;;) {
      if (take('+')) left += product();
      else if (take('-')) left -= product();
      else return left;
    }
  }
  function product(): number {
    let left = power();
    for (;;) {
      if (take('*')) left *= power();
      else if (take('/')) left /= power();
      else return left;
    }
  }
  function power(): number {
    const base = atom();
    return take('^') ? base ** power() : base;
  }
  function atom(): number {
    if (take('-')) return -atom();
    if (take('(')) {
      const inner = sum();
      return take(')') ? inner : Number.NaN;
    }
    // Number(undefined) is NaN: an incomplete calculation has no result.
    return Number(tokens[at++]);
  }

  const value = sum();
  return at === tokens.length && Number.isFinite(value) ? value : null;
}
