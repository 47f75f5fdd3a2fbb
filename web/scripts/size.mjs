/** Fails when the first screen (all that is loaded before the first words stand) is over its budget. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

// QUALITY: first words of the family page within 1.5 s on slow 4G, under 60 kB gzip.
const LIMIT_KB = 60;
const LATER = new Set([
  'src/map/drawing.ts',
  'src/wire/live.ts',
  // What a guardian scrolls or touches for.
  'src/push/PushSwitch.svelte',
  'src/state/push.svelte.ts',
  'src/family/Below.svelte',
  'src/family/ChoicesPage.svelte',
  'src/family/TripSheet.svelte',
  'src/account/AccountRows.svelte',
  'src/account/CodeField.svelte',
  'src/account/PasswordForm.svelte',
  'src/account/SafetyPanel.svelte',
  'src/account/InvitationPage.svelte',
  // The pages of the other roles come after who is signed in is known.
  'src/attendant/AttendantPage.svelte',
  'src/attendant/DriverPage.svelte',
  'src/office/OfficeFrame.svelte',
  // What a permit's code leads to, in place of the first screen.
  'src/office/CardPage.svelte',
]);
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));

const files = new Set(['index.html']);
const later = [];
const queue = [manifest['index.html']];
for (const chunk of queue) {
  files.add(chunk.file);
  for (const css of chunk.css ?? []) files.add(css);
  for (const key of chunk.imports ?? []) if (!files.has(manifest[key].file)) queue.push(manifest[key]);
  // The map and the socket are asked for after the first words are there; anything else loaded later still counts.
  for (const key of chunk.dynamicImports ?? []) (LATER.has(key) ? later : queue).push(manifest[key]);
}

/** Say and return the compressed size of one file, bytes. */
function weigh(file, note = '') {
  const bytes = gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
  console.log(`${(bytes / 1000).toFixed(1).padStart(7)} kB gzip  ${file}${note}`);
  return bytes;
}

let total = 0;
for (const file of files) total += weigh(file);
console.log(`${(total / 1000).toFixed(1).padStart(7)} kB gzip  first screen (limit ${LIMIT_KB} kB)`);
for (const chunk of later) weigh(chunk.file, '  (after the first words)');

const html = readFileSync(new URL('index.html', dist), 'utf8');
if (/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=/i.test(html)) {
  console.error(
    'dist/index.html holds inline code or style, which the content security policy forbids: move it to a file.',
  );
  process.exit(1);
}
if (total > LIMIT_KB * 1000) {
  console.error(`The first screen is over its budget of ${LIMIT_KB} kB: load what it does not need later.`);
  process.exit(1);
}
