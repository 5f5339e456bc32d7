/** Bindings that wrangler.toml leaves to the operator: see docs/charts.md. */
interface Env {
  ANALYTICS?: AnalyticsEngineDataset;
}
