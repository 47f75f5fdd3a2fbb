/** The web's rules, the layers of STYLE among them: pure model and format, JSON in wire only, map and ui by props. */
import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const PAGES = ['family', 'attendant', 'school', 'console', 'account'];

/** Forbid the files of `folder` to import from `others`, and say why. */
function layer(folder, others, why) {
  const group = others.map((other) => `../${other}/**`);
  return {
    files: [`src/${folder}/**`],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message: why }] }] },
  };
}

export default ts.config(
  { ignores: ['dist/', 'node_modules/'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
  },
  {
    rules: {
      'no-undef': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      'svelte/no-at-html-tags': 'error',
      'svelte/no-inline-styles': 'error',
      'svelte/require-each-key': 'error',
      // State here is replaced whole ($state.raw), never changed in place: a plain Map or Set inside a function is no state.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  {
    files: ['src/**'],
    // The service worker stands between the page and the network: fetching is what it is.
    ignores: ['src/wire/**', 'src/worker/**'],
    rules: {
      'no-restricted-globals': ['error', { name: 'fetch', message: 'Only wire speaks to the server.' }],
      'no-restricted-syntax': [
        'error',
        { selector: "MemberExpression[object.name='JSON']", message: 'Only wire sees JSON.' },
      ],
    },
  },
  layer(
    'model',
    ['wire', 'state', 'map', 'ui', 'words', 'format', ...PAGES],
    'The model is pure and knows only itself.',
  ),
  layer(
    'format',
    ['wire', 'state', 'map', 'ui', 'words', ...PAGES],
    'Formatting is pure: it knows the model only.',
  ),
  layer(
    'wire',
    ['state', 'map', 'ui', 'words', 'format', ...PAGES],
    'The wire turns JSON into the model, no more.',
  ),
  layer('map', ['wire', 'state', 'words', ...PAGES], 'The map takes props only.'),
  layer('ui', ['wire', 'state', 'map', ...PAGES], 'A part of the interface takes props only.'),
  layer('state', ['map', 'ui', ...PAGES], 'State does not know what shows it.'),
  ...PAGES.map((page) =>
    layer(page, ['wire', ...PAGES.filter((other) => other !== page)], 'Pages never import each other.'),
  ),
);
