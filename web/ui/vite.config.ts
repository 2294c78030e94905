import { svelte } from '@sveltejs/vite-plugin-svelte';
import { writeFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';

/** The Go embed needs dist/.keep in a fresh clone; emptying dist must not lose it. */
function keep(): Plugin {
  return {
    name: 'keep-dist-in-git',
    apply: 'build',
    closeBundle() {
      writeFileSync('dist/.keep', '');
    },
  };
}

export default defineConfig({
  plugins: [svelte(), keep()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // No inlined data: addresses, so that the page works under a strict content policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: { entryFileNames: 'assets/[name]-[hash].js', chunkFileNames: 'assets/[name]-[hash].js' },
    },
  },
  server: { proxy: { '/api': process.env.EVIDENT_API ?? 'http://127.0.0.1:8790' } },
});
