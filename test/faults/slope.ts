// The straight line through points that scatter, and how far its slope can be trusted.

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Slope {
  /** Of y, for each 1 of x. */
  readonly value: number;
  /** The standard error of it. */
  readonly error: number;
}

/** Least squares. @param points - three at least, at different x; with fewer the error is NaN. */
export function slopeOf(points: readonly Point[]): Slope {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  const sum = (of: (point: Point) => number) => points.reduce((total, point) => total + of(point), 0);
  const spread = sum(({ x }) => (x - meanX) ** 2);
  const value = sum(({ x, y }) => (x - meanX) * (y - meanY)) / spread;
  const residual = sum(({ x, y }) => (y - meanY - value * (x - meanX)) ** 2);
  return { value, error: Math.sqrt(residual / (points.length - 2) / spread) };
}
