/** Draws a route, its stops and its bus with MapLibre; loaded after the first screen, because it is by far the largest part. */

import { LngLatBounds, Marker, type GeoJSONSource, type Map as MapLibre } from 'maplibre-gl';
import { splitShape, type Spot } from '../model/glide.ts';
import type { Shape } from '../model/trip.ts';
import { EMPTY, makeMap } from './canvas.ts';
import { paletteOf, recolourGround, type Tiles } from './ground.ts';
import { fitLabels, type Label } from './labels.ts';
import { toDatum, type LonLat } from './projection.ts';

export type DrawnStop = {
  readonly id: string;
  readonly lat: number;
  readonly lon: number;
  readonly label: string;
  readonly mine: boolean;
  readonly school: boolean;
  readonly passed: boolean;
};

/** The line behind the bus is cut anew at most this often; the marker itself moves with every frame. */
const CUT_MS = 400;
const EDGE_PX = 48;
/** On a desk's large map the route keeps further from the edge: a tenth of it. */
const EDGE_SHARE = 0.1;
const CLOSEST_ZOOM = 15.5;

export class Drawing {
  #stops: Marker[] = [];
  #labels: Label[] = [];
  #bus: Marker | null = null;
  #shape: Shape | null = null;
  #spot: Spot | null = null;
  #cut_ms = 0;
  #moved = false;
  readonly #map: MapLibre;
  readonly #media = matchMedia('(prefers-color-scheme: dark)');
  readonly #calm = matchMedia('(prefers-reduced-motion: reduce)');

  /** Make the map in `holder`; `onMoved` hears when the reader has moved it by hand (true) or it was brought back (false). */
  static async make(
    holder: HTMLElement,
    tiles: Tiles,
    names: { readonly label: string },
    onMoved: (moved: boolean) => void,
  ): Promise<Drawing> {
    const map = await makeMap(holder, tiles, names.label, 11);
    const drawing = new Drawing(map, holder, tiles, onMoved);
    await map.once('load');
    // A page that was left meanwhile has no colours any more, and whoever asked takes the map away.
    if (holder.isConnected) drawing.#addLayers();
    return drawing;
  }

  private constructor(
    map: MapLibre,
    private readonly holder: HTMLElement,
    private readonly tiles: Tiles,
    private readonly onMoved: (moved: boolean) => void,
  ) {
    this.#map = map;
    map.on('moveend', () => this.#fitLabels());
    // Only a hand on the map is a move of the reader's: the drawing's own camera has no original event.
    map.on('movestart', (event) => {
      if ('originalEvent' in event && event.originalEvent) this.#setMoved(true);
    });
    this.#media.addEventListener('change', this.#recolour);
  }

  #addLayers(): void {
    const palette = paletteOf(this.holder);
    for (const part of ['behind', 'ahead'] as const) {
      this.#map.addSource(part, { type: 'geojson', data: EMPTY });
      if (part === 'ahead') {
        // Lifts the line off whatever the tiles draw under it; on plain paper nobody sees it.
        this.#map.addLayer({
          id: 'casing',
          type: 'line',
          source: part,
          layout: { 'line-cap': 'round', 'line-join': 'round' },
          paint: { 'line-color': palette.paper, 'line-width': 9 },
        });
      }
      this.#map.addLayer({
        id: part,
        type: 'line',
        source: part,
        layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: {
          'line-color': part === 'ahead' ? palette.ink : palette.ink2,
          'line-opacity': part === 'ahead' ? 1 : 0.35,
          'line-width': part === 'ahead' ? 5 : 4,
        },
      });
    }
    this.#map.getCanvas().dataset['ready'] = 'true';
  }

  readonly #recolour = (): void => {
    const palette = paletteOf(this.holder);
    recolourGround(this.#map, palette);
    this.#map.setPaintProperty('casing', 'line-color', palette.paper);
    this.#map.setPaintProperty('ahead', 'line-color', palette.ink);
    this.#map.setPaintProperty('behind', 'line-color', palette.ink2);
  };

  #at(point: { readonly lat: number; readonly lon: number }): LonLat {
    return toDatum([point.lon, point.lat], this.tiles?.crs ?? 'wgs84');
  }

  /** Draw this line and these stops in the place of what was drawn. */
  setRoute(shape: Shape | null, stops: readonly DrawnStop[]): void {
    this.#shape = shape;
    this.#cut();
    for (const marker of this.#stops) marker.remove();
    this.#labels = [];
    this.#stops = stops.map((stop) => this.#stopMarker(stop));
    this.#fitLabels();
  }

  #stopMarker(stop: DrawnStop): Marker {
    const element = document.createElement('div');
    element.className = 'map-stop';
    element.classList.toggle('mine', stop.mine);
    element.classList.toggle('school', stop.school);
    element.classList.toggle('passed', stop.passed);
    const label = document.createElement('span');
    label.className = 'map-label';
    label.textContent = stop.label;
    element.append(label);
    this.#labels.push({ element: label, rank: stop.mine ? 0 : stop.school ? 1 : stop.passed ? 3 : 2 });
    return new Marker({ element }).setLngLat(this.#at(stop)).addTo(this.#map);
  }

  #fitLabels(): void {
    requestAnimationFrame(() => {
      const line = this.#shape?.points.map(([lat, lon]) => this.#map.project(this.#at({ lat, lon }))) ?? [];
      fitLabels(this.#labels, this.holder, line);
    });
  }

  /** Put the bus there; null takes it away. `faded` is a bus whose position is old. */
  setBus(spot: Spot | null, name: string, faded: boolean): void {
    this.#spot = spot;
    if (!spot) {
      this.#bus?.remove();
      this.#bus = null;
      this.#cut();
      return;
    }
    const marker = this.#bus ?? this.#busMarker(spot);
    this.#bus = marker;
    marker.setLngLat(this.#at(spot));
    const element = marker.getElement();
    element.dataset['lat'] = spot.lat.toFixed(6);
    element.dataset['lon'] = spot.lon.toFixed(6);
    element.classList.toggle('faded', faded);
    element.classList.toggle('headed', spot.hdg !== null);
    element.setAttribute('aria-label', name);
    element.style.setProperty('--hdg', `${String(Math.round(spot.hdg ?? 0))}deg`);
    const now = performance.now();
    if (now - this.#cut_ms >= CUT_MS) this.#cut();
  }

  #busMarker(spot: Spot): Marker {
    const element = document.createElement('div');
    element.className = 'map-bus';
    element.dataset['testid'] = 'bus-marker';
    element.setAttribute('role', 'img');
    const arrow = document.createElement('span');
    arrow.className = 'arrow';
    const face = document.createElement('span');
    face.className = 'face';
    element.append(arrow, face);
    return new Marker({ element }).setLngLat(this.#at(spot)).addTo(this.#map);
  }

  #cut(): void {
    this.#cut_ms = performance.now();
    const { behind, ahead } = this.#shape
      ? splitShape(this.#shape, this.#spot?.metre ?? null)
      : { behind: [], ahead: [] };
    for (const [part, line] of [
      ['behind', behind],
      ['ahead', ahead],
    ] as const) {
      const coordinates = line.map((point) => toDatum(point, this.tiles?.crs ?? 'wgs84'));
      this.#map
        .getSource<GeoJSONSource>(part)
        ?.setData(
          coordinates.length < 2
            ? EMPTY
            : { type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates } },
        );
    }
  }

  /** Show these points whole, unless the reader has moved the map and `always` is false. */
  frame(points: readonly { readonly lat: number; readonly lon: number }[], always: boolean): void {
    if (points.length === 0 || (this.#moved && !always)) return;
    this.#setMoved(false);
    const bounds = new LngLatBounds();
    for (const point of points) bounds.extend(this.#at(point));
    const { clientWidth, clientHeight } = this.holder;
    const smaller = Math.min(clientWidth, clientHeight);
    const edge = Math.min(Math.max(EDGE_PX, smaller * EDGE_SHARE), smaller / 6);
    // More room on the right: most labels stand there.
    const padding = {
      top: edge,
      bottom: edge + 24,
      left: edge,
      right: Math.min(2.4 * edge, clientWidth / 3),
    };
    this.#map.fitBounds(bounds, {
      padding,
      maxZoom: CLOSEST_ZOOM,
      animate: always && !this.#calm.matches,
      duration: 400,
    });
    this.#fitLabels();
  }

  /** Whether this point is on the screen, a little inside its edge. */
  sees(point: { readonly lat: number; readonly lon: number }): boolean {
    const { x, y } = this.#map.project(this.#at(point));
    const { clientWidth, clientHeight } = this.holder;
    return x > EDGE_PX / 2 && y > EDGE_PX / 2 && x < clientWidth - EDGE_PX / 2 && y < clientHeight - EDGE_PX;
  }

  #setMoved(moved: boolean): void {
    if (this.#moved === moved) return;
    this.#moved = moved;
    this.onMoved(moved);
  }

  remove(): void {
    this.#media.removeEventListener('change', this.#recolour);
    this.#map.remove();
  }
}
