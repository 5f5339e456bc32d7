/** Bindings that wrangler.toml does not have: optional ones (docs/settings.md), and those of wrangler.local.toml. */
interface Env {
  ANALYTICS?: AnalyticsEngineDataset;
  STEPFUN?: Fetcher;
}
