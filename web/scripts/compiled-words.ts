/** Compiles the ICU messages of src/words at build time, so that no parser is sent to the phone. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import compile from 'icu-minify/compile';
import type { Plugin } from 'vite';

const PREFIX = 'virtual:words/';
const folder = fileURLToPath(new URL('../src/words/', import.meta.url));

/** Serve `virtual:words/<language>` as the compiled messages of `src/words/<language>.json`; a bad message fails the build. */
export function compiledWords(): Plugin {
  return {
    name: 'compiled-words',
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(`\0${PREFIX}`)) return undefined;
      const file = `${folder}${id.slice(PREFIX.length + 1)}.json`;
      this.addWatchFile(file);
      const messages = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
      const compiled = Object.entries(messages).map(([key, text]) => {
        try {
          return [key, compile(text)] as const;
        } catch (error) {
          throw new Error(`${file}: message "${key}" is not ICU: ${String(error)}`, { cause: error });
        }
      });
      return `export default ${JSON.stringify(Object.fromEntries(compiled))}`;
    },
  };
}
