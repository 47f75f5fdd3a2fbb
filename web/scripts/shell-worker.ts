/** Builds the service worker as /sw.js, with the list of files that the crew's page is made of and the digest of that list. */
import { createHash } from 'node:crypto';
import type { Plugin } from 'vite';

/** What opens without reception: the first screen, the crew's pages, the socket. The map is not among it. */
const ENTRIES = [
  'src/main.ts',
  'src/attendant/AttendantPage.svelte',
  'src/attendant/DriverPage.svelte',
  'src/wire/watch.ts',
];
const BESIDE = ['/', '/icon.svg', '/manifest.webmanifest'];

/** Emit `sw.js` at the root of the build. */
export function shellWorker(): Plugin {
  return {
    name: 'shell-worker',
    apply: 'build',
    buildStart() {
      this.emitFile({ type: 'chunk', id: 'src/worker/shell.ts', fileName: 'sw.js' });
    },
    generateBundle(_, bundle) {
      const files = new Set<string>();
      const add = (name: string): void => {
        const chunk = bundle[name];
        if (files.has(name) || chunk?.type !== 'chunk') return;
        files.add(name);
        for (const css of chunk.viteMetadata?.importedCss ?? []) files.add(css);
        chunk.imports.forEach(add);
      };
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue;
        const modules = [chunk.facadeModuleId ?? '', ...chunk.moduleIds].map((id) => id.split('?')[0] ?? '');
        if (ENTRIES.some((entry) => modules.some((id) => id.endsWith(`/${entry}`)))) add(chunk.fileName);
      }
      const list = [...BESIDE, ...[...files].sort().map((name) => `/${name}`)];
      const version = createHash('sha256').update(list.join('\n')).digest('hex').slice(0, 12);
      const worker = bundle['sw.js'];
      if (worker?.type !== 'chunk' || files.size < 4)
        throw new Error(
          'The service worker or its files were not built: see scripts/shell-worker.ts, ENTRIES.',
        );
      worker.code = `const SHELL_FILES=${JSON.stringify(list)},SHELL_VERSION=${JSON.stringify(version)};${worker.code}`;
    },
  };
}
