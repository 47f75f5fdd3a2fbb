/** Svelte's own settings: runes everywhere, component styles in files. */
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

export default { preprocess: vitePreprocess(), compilerOptions: { runes: true, css: 'external' } };
