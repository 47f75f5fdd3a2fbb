/** How the pages are built and tested: one page, no inline code, hashed files under /assets/. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { compiledWords } from './scripts/compiled-words.ts';
import { precompressed } from './scripts/precompressed.ts';
import { shellWorker } from './scripts/shell-worker.ts';

export default defineConfig({
  plugins: [compiledWords(), svelte(), shellWorker(), precompressed()],
  build: {
    target: 'es2022',
    manifest: true,
    // The content security policy forbids inline code, and an inlined asset would be a data: URL that it forbids too.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Only the map exceeds it, and that is loaded after the first screen; `npm run size` holds the real limit.
    chunkSizeWarningLimit: 1200,
  },
  worker: { format: 'es' },
  server: {
    proxy: {
      '/api': process.env.SIXFIXED_API ?? 'http://127.0.0.1:8000',
      '/socket.io': { target: process.env.SIXFIXED_API ?? 'http://127.0.0.1:8000', ws: true },
    },
  },
  // Svelte's runes need the browser build of the library in tests as well.
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
  test: { include: ['tests/**/*.test.ts'], environment: 'node', testTimeout: 10_000 },
});
