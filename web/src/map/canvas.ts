/** Makes an empty map on its ground; what is drawn on it is the caller's. */

import 'maplibre-gl/dist/maplibre-gl.css';
import { Map as MapLibre, setWorkerUrl } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { groundStyle, paletteOf, type Tiles } from './ground.ts';

/** A source that holds nothing yet. */
export const EMPTY = { type: 'FeatureCollection' as const, features: [] };

/** Make a map in `holder`, north up; `label` is what its canvas, which the arrow keys move, is called. */
export async function makeMap(
  holder: HTMLElement,
  tiles: Tiles,
  label: string,
  zoom: number,
): Promise<MapLibre> {
  setWorkerUrl(workerUrl);
  const palette = paletteOf(holder);
  // A ground that can't be had takes nothing from what is drawn: it stands on paper then.
  const style = await groundStyle(tiles, palette).catch((error: unknown) => {
    console.error(
      `The tiles at ${tiles?.url ?? ''} can't be read, so the map is drawn without them: ${String(error)}`,
    );
    return groundStyle(null, palette);
  });
  const map = new MapLibre({
    container: holder,
    style,
    attributionControl: tiles?.attribution ? { compact: false } : false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    center: [105.19, 37.51],
    zoom,
    maxZoom: 18,
    fadeDuration: 0,
  });
  map.touchZoomRotate.disableRotation();
  // The map stands in a named region already.
  map.getCanvas().setAttribute('role', 'application');
  map.getCanvas().setAttribute('aria-label', label);
  return map;
}
