// Helpers for the document: plain JSON, and references within it.

/** An object of the document, a JSON Schema for one. */
export interface Json {
  readonly [key: string]: unknown;
}

type Kind = 'examples' | 'headers' | 'parameters' | 'schemas';

/** @returns a reference to a component of the document. */
export function ref(kind: Kind, name: string): { $ref: string } {
  return { $ref: `#/components/${kind}/${name}` };
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @returns an object with the same keys, each with the result of `make` for its key and value. */
export function mapValues<V, W>(
  object: Readonly<Record<string, V>>,
  make: (value: V, key: string) => W,
): Record<string, W> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, make(value, key)]));
}
