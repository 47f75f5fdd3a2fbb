/** From WGS-84, which everything in the system is in, to the datum that the tiles are drawn in. */

import gcoord from 'gcoord';

export type Datum = 'wgs84' | 'gcj02';
export type LonLat = [lon: number, lat: number];

/** Move a point to the datum of the tiles. GCJ-02 is what maps published in China must use; it is off by some hundred metres. */
export function toDatum([lon, lat]: LonLat, datum: Datum): LonLat {
  if (datum === 'wgs84') return [lon, lat];
  const [east, north] = gcoord.transform([lon, lat], gcoord.WGS84, gcoord.GCJ02) as LonLat;
  return [east, north];
}
