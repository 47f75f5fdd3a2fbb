import { describe, expect, it, vi } from 'vitest';
import * as shapes from '../src/wire/shapes.ts';
import { child, newScene } from './dev/scene.ts';

const NOW = Date.UTC(2026, 8, 1, 0, 0, 0);

describe('what comes over the wire', () => {
  it('becomes the model', () => {
    const read = shapes.read(shapes.child, child(newScene('coming', NOW), NOW, 0, true));
    expect(read?.trip?.stops).toHaveLength(6);
    expect(read?.trip?.shape?.points.length).toBe(read?.trip?.shape?.metres.length);
    expect(read?.trip?.planned_at?.offset_min).toBe(480);
  });

  it('may hold what this page does not know yet', () => {
    const said = { ...child(newScene('coming', NOW), NOW, 0, false), novelty: 1 };
    expect(shapes.read(shapes.child, said)?.name).toBe('小雨');
    expect(shapes.read(shapes.child, said)).not.toHaveProperty('novelty');
  });

  it.each([
    null,
    'text',
    [],
    {},
    { id: 'c1' },
    { ...child(newScene('coming', NOW), NOW, 0, false), name: 7 },
  ])('is refused when it is not what the contract says: %o', (value) => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    expect(shapes.read(shapes.child, value)).toBeNull();
    expect(said).toHaveBeenCalledOnce();
    said.mockRestore();
  });

  it('tells a notice of a kind that is new as a message', () => {
    const notice = {
      id: 'n',
      kind: 'brand_new',
      child: { id: 'c', code: 'C', name: 'x' },
      at: '2026-09-01T07:00:00Z',
      text: { zh: '一', en: 'one' },
    };
    expect(shapes.read(shapes.notice, notice)?.kind).toBe('message');
  });
});
