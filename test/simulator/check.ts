// Small checks of parsed JSON. A wrong value is StepFun's 400, with the field's path.

import { ApiError } from './errors.ts';

export type Fields = Readonly<Record<string, unknown>>;

export function reject(path: string, expected: string): never {
  throw new ApiError(400, `${path}: expected ${expected}`);
}

/** StepFun's server takes null for an absent field, as Go's decoder does. */
export function given(value: unknown): boolean {
  return value !== undefined && value !== null;
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function object(value: unknown, path: string): Fields {
  return isObject(value) ? value : reject(path, 'an object');
}

export function list(value: unknown, path: string): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : reject(path, 'a list');
}

export function text(value: unknown, path: string): string {
  return typeof value === 'string' ? value : reject(path, 'a string');
}

export function flag(value: unknown, path: string, byDefault: boolean): boolean {
  if (!given(value)) return byDefault;
  return typeof value === 'boolean' ? value : reject(path, 'true or false');
}

export function number(value: unknown, path: string, min: number, max: number): number {
  if (typeof value === 'number' && value >= min && value <= max) return value;
  return reject(path, `a number from ${min} to ${max}`);
}

export function integer(value: unknown, path: string, min: number, max: number): number {
  const checked = number(value, path, min, max);
  return Number.isInteger(checked) ? checked : reject(path, 'a whole number');
}

export function oneOf<T extends string>(value: unknown, path: string, values: readonly T[]): T {
  return values.find((one) => one === value) ?? reject(path, `one of ${values.join(', ')}`);
}
