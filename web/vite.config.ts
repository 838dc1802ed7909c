import { resolve } from 'node:path';
import { defineConfig } from 'vite';

/** The page is plain files from this server: nothing inlined, so that its policy needs no exception. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: 'es2022',
    modulePreload: { polyfill: false },
    // three alone is above the default; it is cached by its hash.
    chunkSizeWarningLimit: 900,
    rollupOptions: {
      input: ['index.html', 'phone.html'].map((page) => resolve(import.meta.dirname, page)),
      output: { manualChunks: { three: ['three'] } },
    },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8080' } },
});
