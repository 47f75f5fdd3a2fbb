/** A small county for looking at the page: one route around Zhongwei with its timetable and line. */

export type Named = { id: string; code: string; name: string };

const START = { lat: 37.5142, lon: 105.1896 };
const LEG_S = 130;
const NAMES = ['迎宾大桥', '文昌阁', '应理南街', '沙坡头花园', '滨河社区', '第三小学'];

export const route: Named = { id: 'r17', code: 'R17', name: '17 路 滨河 – 第三小学' };
export const bus: Named = { id: 'v17', code: 'ZW-0017', name: '宁E·A0017校' };
export const school: Named = { id: 's3', code: 'S3', name: '中卫市第三小学' };

/** The line: gentle bends every 60 m over about 5 km, as [lat, lon], with its metres. */
export function line(): { shape: [number, number][]; metres: number[] } {
  const shape: [number, number][] = [];
  const metres: number[] = [];
  let { lat, lon } = START;
  let heading = 80;
  for (let metre = 0; metre <= 5000; metre += 60) {
    shape.push([lat, lon]);
    metres.push(metre);
    if (metre === 1200) heading = 5;
    if (metre === 2400) heading = 95;
    if (metre === 4020) heading = 40;
    const bend = heading + 9 * Math.sin(metre / 260);
    lat += (60 / 111320) * Math.cos((bend * Math.PI) / 180);
    lon += ((60 / 111320) * Math.sin((bend * Math.PI) / 180)) / Math.cos((lat * Math.PI) / 180);
  }
  return { shape, metres };
}

/** The six stops, evenly along the line, each with seconds after the start. */
export function stops(): { named: Named; lat: number; lon: number; metre: number; after_s: number }[] {
  const { shape, metres } = line();
  return NAMES.map((name, index) => {
    const point = Math.min(shape.length - 1, index * 16);
    const [lat, lon] = shape[point] ?? [START.lat, START.lon];
    return {
      named: { id: `p${String(index)}`, code: `P${String(index)}`, name },
      lat,
      lon,
      metre: metres[point] ?? 0,
      after_s: index * LEG_S,
    };
  });
}

/** Where the bus is when it has driven so many metres. */
export function along(metre: number): { lat: number; lon: number; hdg: number } {
  const { shape, metres } = line();
  const last = shape.length - 2;
  const index = Math.min(last, Math.max(0, Math.floor(metre / 60)));
  const a = shape[index] ?? [START.lat, START.lon];
  const b = shape[index + 1] ?? a;
  const share = Math.min(1, Math.max(0, (metre - (metres[index] ?? 0)) / 60));
  const hdg = (Math.atan2((b[1] - a[1]) * Math.cos((a[0] * Math.PI) / 180), b[0] - a[0]) * 180) / Math.PI;
  return { lat: a[0] + (b[0] - a[0]) * share, lon: a[1] + (b[1] - a[1]) * share, hdg: (hdg + 360) % 360 };
}
