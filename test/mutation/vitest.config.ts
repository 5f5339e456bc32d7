import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['test/unit/access/**/*.test.ts'] } });
