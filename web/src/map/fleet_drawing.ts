/** Draws a whole fleet and one chosen trip with MapLibre; loaded after the page's words. */

import {
  LngLatBounds,
  Marker,
  type GeoJSONSource,
  type Map as MapLibre,
  type MapLayerMouseEvent,
} from 'maplibre-gl';
import type { Shape } from '../model/trip.ts';
import { EMPTY, makeMap } from './canvas.ts';
import { paletteOf, recolourGround, type Tiles } from './ground.ts';
import { toDatum, type LonLat } from './projection.ts';

export type FleetBus = {
  readonly id: string;
  readonly name: string;
  /** Short enough for the marker itself. */
  readonly mark: string;
  readonly lat: number;
  readonly lon: number;
  readonly hdg: number | null;
  readonly tone: 'ok' | 'watch' | 'act' | 'quiet';
  /** Its position is old. */
  readonly faded: boolean;
  readonly chosen: boolean;
  /** It calls for a person. */
  readonly calling: boolean;
};

export type FleetStop = {
  readonly id: string;
  readonly name: string;
  readonly lat: number;
  readonly lon: number;
};

/** Buses that have their own marker; the rest of a large fleet are dots, the most needy ones never. */
const MOST_MARKERS = 120;
const EDGE_PX = 56;
const CLOSEST_ZOOM = 15;

export class FleetDrawing {
  readonly #markers = new Map<string, Marker>();
  #stops: Marker[] = [];
  readonly #map: MapLibre;
  readonly #media = matchMedia('(prefers-color-scheme: dark)');

  /** Make the map in `holder`; `onChoose` hears which bus was clicked. */
  static async make(
    holder: HTMLElement,
    tiles: Tiles,
    names: { readonly label: string },
    onChoose: (id: string) => void,
  ): Promise<FleetDrawing> {
    const map = await makeMap(holder, tiles, names.label, 9);
    const drawing = new FleetDrawing(map, holder, tiles, onChoose);
    await map.once('load');
    // A page that was left meanwhile has no colours any more, and whoever asked takes the map away.
    if (holder.isConnected) drawing.#addLayers();
    return drawing;
  }

  private constructor(
    map: MapLibre,
    private readonly holder: HTMLElement,
    private readonly tiles: Tiles,
    private readonly onChoose: (id: string) => void,
  ) {
    this.#map = map;
    this.#media.addEventListener('change', this.#recolour);
  }

  #addLayers(): void {
    const palette = paletteOf(this.holder);
    this.#map.addSource('route', { type: 'geojson', data: EMPTY });
    this.#map.addLayer({
      id: 'route',
      type: 'line',
      source: 'route',
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': palette.ink, 'line-width': 4 },
    });
    this.#map.addSource('dots', { type: 'geojson', data: EMPTY });
    this.#map.addLayer({
      id: 'dots',
      type: 'circle',
      source: 'dots',
      paint: {
        'circle-radius': 5,
        'circle-color': palette.ink2,
        'circle-stroke-color': palette.card,
        'circle-stroke-width': 1,
      },
    });
    this.#map.on('click', 'dots', (event: MapLayerMouseEvent) => {
      const id: unknown = event.features?.[0]?.properties['id'];
      if (typeof id === 'string') this.onChoose(id);
    });
    this.#map.getCanvas().dataset['ready'] = 'true';
  }

  readonly #recolour = (): void => {
    const palette = paletteOf(this.holder);
    recolourGround(this.#map, palette);
    this.#map.setPaintProperty('route', 'line-color', palette.ink);
    this.#map.setPaintProperty('dots', 'circle-color', palette.ink2);
  };

  #at(point: { readonly lat: number; readonly lon: number }): LonLat {
    return toDatum([point.lon, point.lat], this.tiles?.crs ?? 'wgs84');
  }

  /** Put these buses there, the neediest first, and take away all others. */
  setBuses(buses: readonly FleetBus[]): void {
    const marked = new Set(buses.filter((bus, index) => bus.chosen || index < MOST_MARKERS));
    const ids = new Set([...marked].map((bus) => bus.id));
    for (const [id, marker] of this.#markers) {
      if (ids.has(id)) continue;
      marker.remove();
      this.#markers.delete(id);
    }
    for (const bus of marked) this.#setMarker(bus);
    const features = buses
      .filter((bus) => !marked.has(bus))
      .map((bus) => ({
        type: 'Feature' as const,
        properties: { id: bus.id },
        geometry: { type: 'Point' as const, coordinates: this.#at(bus) },
      }));
    this.#map.getSource<GeoJSONSource>('dots')?.setData({ type: 'FeatureCollection', features });
  }

  #setMarker(bus: FleetBus): void {
    const marker = this.#markers.get(bus.id) ?? this.#newMarker(bus);
    marker.setLngLat(this.#at(bus));
    const element = marker.getElement();
    element.className = `${element.className.replace(/ ?(tone-\w+|faded|chosen|calling)\b/g, '')} tone-${bus.tone}`;
    element.classList.toggle('faded', bus.faded);
    element.classList.toggle('chosen', bus.chosen);
    element.classList.toggle('calling', bus.calling);
    element.setAttribute('aria-label', bus.name);
    element.title = bus.name;
    element.textContent = bus.mark;
  }

  #newMarker(bus: FleetBus): Marker {
    const element = document.createElement('button');
    element.type = 'button';
    element.className = 'fleet-bus';
    // The list says the same and is what a keyboard walks through.
    element.tabIndex = -1;
    element.addEventListener('click', () => this.onChoose(bus.id));
    const marker = new Marker({ element }).setLngLat(this.#at(bus)).addTo(this.#map);
    this.#markers.set(bus.id, marker);
    return marker;
  }

  /** Draw one trip's line and stops; null takes them away. */
  setRoute(shape: Shape | null, stops: readonly FleetStop[]): void {
    const coordinates = shape?.points.map(([lat, lon]) => this.#at({ lat, lon })) ?? [];
    this.#map
      .getSource<GeoJSONSource>('route')
      ?.setData(
        coordinates.length < 2
          ? EMPTY
          : { type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates } },
      );
    for (const marker of this.#stops) marker.remove();
    this.#stops = stops.map((stop) => {
      const element = document.createElement('div');
      element.className = 'map-stop';
      element.title = stop.name;
      return new Marker({ element }).setLngLat(this.#at(stop)).addTo(this.#map);
    });
  }

  /** Show these points whole. */
  frame(points: readonly { readonly lat: number; readonly lon: number }[]): void {
    if (points.length === 0) return;
    const bounds = new LngLatBounds();
    for (const point of points) bounds.extend(this.#at(point));
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.#map.fitBounds(bounds, { padding: EDGE_PX, maxZoom: CLOSEST_ZOOM, animate: !calm, duration: 400 });
  }

  remove(): void {
    this.#media.removeEventListener('change', this.#recolour);
    this.#map.remove();
  }
}
