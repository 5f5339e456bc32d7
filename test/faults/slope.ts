// The slope of a straight line through measured points, and its standard error.

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Slope {
  /** Change of y for an increase of x by 1. */
  readonly value: number;
  /** Its standard error. */
  readonly error: number;
}

/** Least squares. @param points - at least three, at different x; with fewer the error is NaN. */
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
