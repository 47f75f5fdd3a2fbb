/** Puts a gzip copy beside each built text file, so that the server can send it without compressing on every request. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** Below this the copy saves less than a packet. */
const WORTH_BYTES = 1400;

/** Write `<file>.gz` for scripts, styles and pictures of text in the build's folder. */
export function precompressed(): Plugin {
  return {
    name: 'precompressed',
    apply: 'build',
    writeBundle(options, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!/\.(js|mjs|css|svg)$/.test(name) || options.dir === undefined) continue;
        const file = join(options.dir, name);
        const bytes = readFileSync(file);
        if (bytes.length > WORTH_BYTES) writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}
