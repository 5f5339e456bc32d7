// Checks of parsed JSON. A wrong value becomes StepFun's 400 with the path of the field.

import { ApiError } from './errors.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** @throws {ApiError} 400. @param path - of the wrong value: `messages[0].content`. */
export function reject(path: string, expected: string): never {
  throw new ApiError(400, `${path}: expected ${expected}`);
}

/** @returns false for null, too: StepFun's server treats null like an absent field, as Go's decoder does. */
export function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function parseObject(value: unknown, path: string): Fields {
  return isObject(value) ? value : reject(path, 'an object');
}

export function parseList(value: unknown, path: string): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : reject(path, 'a list');
}

export function parseString(value: unknown, path: string): string {
  return typeof value === 'string' ? value : reject(path, 'a string');
}

export function parseBoolean(value: unknown, path: string, defaultValue: boolean): boolean {
  if (!isPresent(value)) return defaultValue;
  return typeof value === 'boolean' ? value : reject(path, 'true or false');
}

export function parseNumber(value: unknown, path: string, min: number, max: number): number {
  if (typeof value === 'number' && value >= min && value <= max) return value;
  return reject(path, `a number from ${min} to ${max}`);
}

export function parseInteger(value: unknown, path: string, min: number, max: number): number {
  const number = parseNumber(value, path, min, max);
  return Number.isInteger(number) ? number : reject(path, 'a whole number');
}

export function parseEnum<T extends string>(value: unknown, path: string, values: readonly T[]): T {
  return values.find((one) => one === value) ?? reject(path, `one of ${values.join(', ')}`);
}
