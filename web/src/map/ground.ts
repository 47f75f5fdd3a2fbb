/** The ground that the route is drawn on: plain paper, or the tiles of a source that the operator has set. */

import {
  addProtocol,
  type Map as MapLibre,
  type RasterLayerSpecification,
  type SourceSpecification,
  type StyleSpecification,
} from 'maplibre-gl';
import type { Datum } from './projection.ts';

export type Tiles = {
  readonly kind: 'xyz' | 'pmtiles';
  readonly url: string;
  readonly crs: Datum;
  readonly attribution: string;
  readonly maxzoom: number;
} | null;

export type Palette = {
  readonly paper: string;
  readonly card: string;
  readonly line: string;
  readonly ink: string;
  readonly ink2: string;
  readonly dark: boolean;
};

/** The tokens of LOOK as they are on `element` now (they follow the reader's light or dark). */
export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    paper: token('--paper'),
    card: token('--card'),
    line: token('--line'),
    ink: token('--ink'),
    ink2: token('--ink-2'),
    dark: matchMedia('(prefers-color-scheme: dark)').matches,
  };
}

/** The layers under the route. No glyphs and no sprites: labels are page elements, so nothing else is asked of anybody. */
export async function groundStyle(tiles: Tiles, palette: Palette): Promise<StyleSpecification> {
  const style: StyleSpecification = {
    version: 8,
    sources: {},
    layers: [{ id: 'paper', type: 'background', paint: { 'background-color': palette.paper } }],
  };
  if (!tiles) return style;
  const { url, maxzoom } = tiles;
  const attribution = escaped(tiles.attribution);
  const raster = (from: Partial<SourceSpecification>): StyleSpecification => ({
    ...style,
    sources: { ground: { type: 'raster', tileSize: 256, attribution, ...from } as SourceSpecification },
    layers: [
      ...style.layers,
      { id: 'ground', type: 'raster', source: 'ground', paint: rasterPaint(palette) },
    ],
  });
  if (tiles.kind === 'xyz')
    return raster({
      tiles: [new URL(url, location.href).href.replaceAll('%7B', '{').replaceAll('%7D', '}')],
      maxzoom,
    } as Partial<SourceSpecification>);
  const { PMTiles, Protocol, TileType } = await import('pmtiles');
  const archive = new PMTiles(new URL(url, location.href).href);
  const protocol = new Protocol();
  protocol.add(archive);
  addProtocol('pmtiles', protocol.tile);
  const { tileType } = await archive.getHeader();
  const source = { url: `pmtiles://${archive.source.getKey()}` };
  if (tileType !== TileType.Mvt) return raster(source as Partial<SourceSpecification>);
  return {
    ...style,
    sources: { ground: { type: 'vector', attribution, ...source } },
    layers: [...style.layers, ...vectorLayers(palette)],
  };
}

/** Pictures are made quiet by day; at night their light is turned round and their colours kept, for they are drawn for white paper. */
function rasterPaint(palette: Palette): NonNullable<RasterLayerSpecification['paint']> {
  if (!palette.dark)
    return {
      'raster-saturation': -0.35,
      'raster-brightness-min': 0,
      'raster-brightness-max': 1,
      'raster-hue-rotate': 0,
    };
  return {
    'raster-saturation': -0.5,
    'raster-brightness-min': 0.85,
    'raster-brightness-max': 0.08,
    'raster-hue-rotate': 180,
  };
}

/** Follow the reader from light to dark and back, on the ground that is drawn already. */
export function recolourGround(map: MapLibre, palette: Palette): void {
  map.setPaintProperty('paper', 'background-color', palette.paper);
  for (const layer of map.getStyle().layers) {
    if (!layer.id.startsWith('ground')) continue;
    if (layer.type === 'fill') map.setPaintProperty(layer.id, 'fill-color', palette.ink2);
    if (layer.type === 'line') map.setPaintProperty(layer.id, 'line-color', palette.line);
    if (layer.type !== 'raster') continue;
    for (const [name, value] of Object.entries(rasterPaint(palette)))
      map.setPaintProperty(layer.id, name as 'raster-saturation', value as number);
  }
}

/** Land, water and roads of the two usual schemas (Protomaps and OpenMapTiles); a layer that the archive lacks draws nothing. */
function vectorLayers(palette: Palette): StyleSpecification['layers'] {
  const fill = (layer: string, opacity: number): StyleSpecification['layers'][number] => ({
    id: `ground-${layer}`,
    type: 'fill',
    source: 'ground',
    'source-layer': layer,
    filter: ['==', ['geometry-type'], 'Polygon'],
    paint: { 'fill-color': palette.ink2, 'fill-opacity': opacity },
  });
  const road = (layer: string): StyleSpecification['layers'][number] => ({
    id: `ground-${layer}`,
    type: 'line',
    source: 'ground',
    'source-layer': layer,
    filter: ['==', ['geometry-type'], 'LineString'],
    paint: { 'line-color': palette.line, 'line-width': ['interpolate', ['linear'], ['zoom'], 8, 0.5, 16, 6] },
  });
  return [
    fill('water', 0.16),
    fill('buildings', 0.07),
    fill('building', 0.07),
    road('roads'),
    road('transportation'),
  ];
}

/** MapLibre takes an attribution as markup; here it is text. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
