import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rejectionOf } from '../src/model/rejection.ts';

const gate = readFileSync(new URL('../../server/service/gate.py', import.meta.url), 'utf8');

describe('the reason of a refused record', () => {
  it.each([
    ['Expected `float`, got `str` - at `$.lat`', 'type', 'lat', 0],
    ['Expected `float` <= 90.0 - at `$.lat`', 'range', 'lat', 0],
    ["Expected `str` matching regex '^[0-9A-Za-z]{1,32}\\Z' - at `$.card`", 'form', 'card', 0],
    ["Invalid enum value 'x' - at `$.kind`", 'value', 'kind', 0],
    ['Invalid enum value 2 - at `$.v`', 'version', 'v', 0],
    ['Object missing required field `seq`', 'missing', 'seq', 0],
    ['no batch: Object missing required field `v`', 'missing', 'v', 0],
    ['not JSON: JSON is malformed: invalid character (byte 4)', 'json', '', 0],
    ['t is 86400 s in the future', 'future', '', 86_400],
    ["t is before 2020: the device's clock was not set", 'unset', '', 0],
    ['message of 9000 bytes, at most 8192 are allowed', 'size', '', 9000],
    ['not gzip: Error -3 while decompressing data', 'packed', '', 0],
    ["topic kind 'x' is not one that a device sends", 'kind', '', 0],
    ['the device is fitted to no bus; add it with `sixfixed device add`', 'unfitted', '', 0],
    ['a sentence of a later server', 'other', '', 0],
  ])('is a cause in a field: %s', (reason, cause, field, number) => {
    expect(rejectionOf(reason)).toEqual({ cause, field, number });
  });

  it('is known for every sentence that the gate says', () => {
    const said = [
      ...gate.matchAll(
        /(?:reason = |_refused\([^\n]*?, )f?"((?:not|no|t|gap|data|message|batch|gzip|something|version|record|v|an|topic) [^"]*)"/g,
      ),
    ].map((found) => (found[1] ?? '').replace(/\{[^}]*!r\}/g, "'x'").replace(/\{[^}]*\}/g, '7'));
    expect(said.length).toBeGreaterThan(12);
    expect(said.filter((reason) => rejectionOf(reason).cause === 'other')).toEqual([]);
  });
});
