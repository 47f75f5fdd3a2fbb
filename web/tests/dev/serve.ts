/** `npm run fake`: the built page on the fake server; the user name is the scene, the password "correct horse battery". */

import { startFake } from './server.ts';

const fake = await startFake('coming', Number(process.env['PORT'] ?? 8123), 1000, process.env['TILES']);
console.log(
  `${fake.url}  sign in as: coming aboard home board stop left stale lost silent planned overdue none two nochild done ended missed cancelled absent verylate substituted noshow leftaboard wrongstop wrongbus many stubborn operator calm regulator admin school attendant attendant_home driver alarm alarm_school alarm_attendant alarm_regulator proof proof_regulator`,
);
process.stdin.on('data', (line) => {
  const word = String(line).trim();
  if (word === 'board') fake.board();
  if (word === 'cut') fake.cut(20_000);
  if (word === 'deaf') fake.deafen(20_000);
  if (word === 'end') fake.endSession();
});
