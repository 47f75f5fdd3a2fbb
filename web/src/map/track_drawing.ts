/** Draws a trip's corridor, its line, every position of its bus and where it is in the replay; loaded with the evidence. */

import {
  LngLatBounds,
  Marker,
  type ExpressionSpecification,
  type GeoJSONSource,
  type Map as MapLibre,
} from 'maplibre-gl';
import type { Spot } from '../model/glide.ts';
import type { Shape } from '../model/trip.ts';
import { EMPTY, makeMap } from './canvas.ts';
import { paletteOf, recolourGround, type Palette, type Tiles } from './ground.ts';
import { toDatum, type LonLat } from './projection.ts';

export type TrackDot = {
  readonly ms: number;
  readonly lat: number;
  readonly lon: number;
  /** Outside the corridor. */
  readonly outside: boolean;
};
export type TrackStop = {
  readonly name: string;
  readonly lat: number;
  readonly lon: number;
  readonly passed: boolean;
};

const EDGE_PX = 40;
const CLOSEST_ZOOM = 16;
/** What lies after the shown instant is repainted at most this often. */
const PAINT_MS = 150;
/** Metres a pixel at zoom 0 on the equator, with MapLibre's tiles of 512. */
const METRES_PER_PIXEL = 78_271.517;
const FURTHEST_ZOOM = 24;

/** A line this many metres wide at every zoom: a shape's buffer with round ends, without its arithmetic. */
function wide(metres: number, lat: number): ExpressionSpecification {
  const pixels = metres / (METRES_PER_PIXEL * Math.cos((lat * Math.PI) / 180));
  return ['interpolate', ['exponential', 2], ['zoom'], 0, pixels, FURTHEST_ZOOM, pixels * 2 ** FURTHEST_ZOOM];
}

export class TrackDrawing {
  #stops: Marker[] = [];
  #bus: Marker | null = null;
  #shown_ms = 0;
  #paint: ReturnType<typeof setTimeout> | undefined;
  readonly #map: MapLibre;
  readonly #media = matchMedia('(prefers-color-scheme: dark)');

  static async make(
    holder: HTMLElement,
    tiles: Tiles,
    names: { readonly label: string },
  ): Promise<TrackDrawing> {
    const map = await makeMap(holder, tiles, names.label, 11);
    const drawing = new TrackDrawing(map, holder, tiles);
    await map.once('load');
    // A page that was left meanwhile has no colours any more, and whoever asked takes the map away.
    if (holder.isConnected) drawing.#addLayers();
    return drawing;
  }

  private constructor(
    map: MapLibre,
    private readonly holder: HTMLElement,
    private readonly tiles: Tiles,
  ) {
    this.#map = map;
    this.#media.addEventListener('change', this.#recolour);
  }

  #palette(): Palette & { act: string } {
    const act = getComputedStyle(this.holder).getPropertyValue('--act').trim();
    return { ...paletteOf(this.holder), act };
  }

  #addLayers(): void {
    const round = { 'line-cap': 'round', 'line-join': 'round' } as const;
    this.#map.addSource('shape', { type: 'geojson', data: EMPTY });
    this.#map.addSource('track', { type: 'geojson', data: EMPTY });
    this.#map.addLayer({ id: 'corridor', type: 'line', source: 'shape', layout: round });
    this.#map.addLayer({ id: 'line', type: 'line', source: 'shape', layout: round });
    this.#map.addLayer({ id: 'fixes', type: 'circle', source: 'track' });
    this.#map.setPaintProperty('corridor', 'line-opacity', 0.18);
    this.#map.setPaintProperty('line', 'line-width', 2);
    this.#map.setPaintProperty('line', 'line-dasharray', [3, 2]);
    this.#map.setPaintProperty('fixes', 'circle-radius', ['case', ['get', 'outside'], 6, 3]);
    this.#map.setPaintProperty('fixes', 'circle-stroke-width', ['case', ['get', 'outside'], 2, 0]);
    this.#recolour();
    this.#map.getCanvas().dataset['ready'] = 'true';
  }

  readonly #recolour = (): void => {
    const { ink, ink2, card, act, ...palette } = this.#palette();
    recolourGround(this.#map, { ink, ink2, card, ...palette });
    this.#map.setPaintProperty('corridor', 'line-color', ink);
    this.#map.setPaintProperty('line', 'line-color', ink2);
    this.#map.setPaintProperty('fixes', 'circle-color', ['case', ['get', 'outside'], act, ink]);
    this.#map.setPaintProperty('fixes', 'circle-stroke-color', card);
  };

  #at(point: { readonly lat: number; readonly lon: number }): LonLat {
    return toDatum([point.lon, point.lat], this.tiles?.crs ?? 'wgs84');
  }

  /** Draw this line with its corridor to either side (m; null: none) and these stops. */
  setRoute(shape: Shape | null, corridor_m: number | null, stops: readonly TrackStop[]): void {
    const coordinates = shape?.points.map(([lat, lon]) => this.#at({ lat, lon })) ?? [];
    this.#map
      .getSource<GeoJSONSource>('shape')
      ?.setData(
        coordinates.length < 2
          ? EMPTY
          : { type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates } },
      );
    const lat = shape?.points[0]?.[0] ?? 0;
    this.#map.setPaintProperty('corridor', 'line-width', wide(2 * (corridor_m ?? 0), lat));
    for (const marker of this.#stops) marker.remove();
    this.#stops = stops.map((stop) => {
      const element = document.createElement('div');
      element.className = 'map-stop';
      element.classList.toggle('passed', stop.passed);
      element.title = stop.name;
      return new Marker({ element }).setLngLat(this.#at(stop)).addTo(this.#map);
    });
  }

  /** Draw these positions in the place of those before. */
  setTrack(dots: readonly TrackDot[]): void {
    this.#map.getSource<GeoJSONSource>('track')?.setData({
      type: 'FeatureCollection',
      features: dots.map((dot) => ({
        type: 'Feature' as const,
        properties: { ms: dot.ms, outside: dot.outside },
        geometry: { type: 'Point' as const, coordinates: this.#at(dot) },
      })),
    });
  }

  /** Put the bus where it was at an instant (ms); positions after it are faint. */
  setNow(spot: Spot | null, ms: number, name: string): void {
    this.#shown_ms = ms;
    this.#paint ??= setTimeout(() => {
      this.#paint = undefined;
      const past: ExpressionSpecification = ['<=', ['get', 'ms'], this.#shown_ms];
      this.#map.setPaintProperty('fixes', 'circle-opacity', ['case', past, 1, 0.25]);
    }, PAINT_MS);
    if (!spot) {
      this.#bus?.remove();
      this.#bus = null;
      return;
    }
    this.#bus ??= this.#busMarker(spot);
    this.#bus.setLngLat(this.#at(spot));
    const element = this.#bus.getElement();
    element.dataset['lat'] = spot.lat.toFixed(6);
    element.dataset['lon'] = spot.lon.toFixed(6);
    element.classList.toggle('headed', spot.hdg !== null);
    element.setAttribute('aria-label', name);
    element.style.setProperty('--hdg', `${String(Math.round(spot.hdg ?? 0))}deg`);
  }

  #busMarker(spot: Spot): Marker {
    const element = document.createElement('div');
    element.className = 'map-bus';
    element.dataset['testid'] = 'replay-marker';
    element.setAttribute('role', 'img');
    for (const part of ['arrow', 'face']) {
      const piece = document.createElement('span');
      piece.className = part;
      element.append(piece);
    }
    return new Marker({ element }).setLngLat(this.#at(spot)).addTo(this.#map);
  }

  /** Show these points whole. */
  frame(points: readonly { readonly lat: number; readonly lon: number }[]): void {
    if (points.length === 0) return;
    const bounds = new LngLatBounds();
    for (const point of points) bounds.extend(this.#at(point));
    this.#map.fitBounds(bounds, { padding: EDGE_PX, maxZoom: CLOSEST_ZOOM, animate: false });
  }

  remove(): void {
    clearTimeout(this.#paint);
    this.#media.removeEventListener('change', this.#recolour);
    this.#map.remove();
  }
}
