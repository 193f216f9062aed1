/** What comes into view behind things when the photo is turned: their background, which goes on behind them and fades away. */
import { EDGE, type Grid3, distanceBehind, distances, extreme, moved } from "./geometry";

const REACH = 0.12; // of the longer side: so far the background goes on behind a thing
const FADING = 0.6; // the share of it that fades away
const EVEN_ROUNDS = 16; // where backgrounds of two sides meet they are made even
const OWN = 0.7; // of the thing's own colour in the seam, which shows where nothing is turned
const [HORIZON, FARTHEST_SHARE] = [1.1, 0.98]; // what has no distance stands so many times as far as the farthest, a few left aside
const INWARDS = 2; // places beside an edge show both sides

/** The background as a grid: ``isBehind`` marks the places that were put behind others, ``colours`` has red, green, blue and how much it hides. */
export type Backdrop = Grid3 & { readonly isBehind: Uint8Array; readonly colours: Float32Array };

/**
 * From a jump of the surface on, places of the thing in front lie as far as what is beside it, the nearest first, and
 * have its colours, which run into each other. What has no distance, such as the sky where only metres count, stands
 * behind all else. ``steps``: where the surface jumps; ``front``: its triangles; ``photo``: three colours a place.
 */
export function backdrop(grid: Grid3, steps: Uint8Array, front: Uint32Array, photo: Float32Array): Backdrop {
  const known = distances(grid);
  const horizon = HORIZON * distanceBehind(grid, FARTHEST_SHARE);
  const away = known.map((value) => (Number.isNaN(value) ? horizon : value));
  const around = neighbours(grid);
  const marks = Float32Array.from(steps, (step, at) => Number(step || Number.isNaN(known[at])));
  const filled = spread(grid, away, extreme(marks, grid, 1, true), around);
  const colours = new Float32Array(away.length * 4);
  filled.rounds.forEach((round, at) => {
    const from = round ? beyond(grid, away, filled.from[at] as number, at) : at;
    colours.set(photo.subarray(from * 3, from * 3 + 3), at * 4);
    const hides = Number.isNaN(known[at]) || isBeside(away, filled, around, at);
    colours[at * 4 + 3] = round ? Math.min(1, (1 - round / filled.most) / FADING) : Number(hides);
  });
  even(away, filled, colours, around);
  const isDrawn = new Uint8Array(away.length);
  for (const at of front) isDrawn[at] = 1;
  filled.rounds.forEach((round, at) => {
    if (!isDrawn[at]) colours[at * 4 + 3] = 1;
    const own = !isDrawn[at] ? 1 : round === 1 ? OWN : 0;
    for (let k = 0; round && own && k < 3; k += 1) colours[at * 4 + k] = own * (photo[at * 3 + k] as number) + (1 - own) * (colours[at * 4 + k] as number);
  });
  const isBehind = Uint8Array.from(filled.rounds, (round, at) => Number(round > 0 || Number.isNaN(known[at])));
  return { ...moved(grid, filled.far), isBehind, colours };
}

interface Filled {
  /** Distance of each place, of its background where it has one. */
  readonly far: Float32Array;
  /** The place at whose edge a background began. */
  readonly from: Int32Array;
  /** How many places inwards from that edge it is, 0 where there is no background; ``most`` of them there are. */
  readonly rounds: Uint16Array;
  readonly most: number;
}

/** From each jump inwards, place by place, as long as the thing is nearer than what goes on behind it. */
function spread(grid: Grid3, away: Float32Array, isEdge: Float32Array, around: Int32Array): Filled {
  const [far, rounds] = [away.slice(), new Uint16Array(away.length)];
  const from = Int32Array.from(away, (_, at) => at);
  const most = Math.ceil(REACH * Math.max(grid.columns, grid.rows));
  let rim: number[] = [...from.filter((at) => isEdge[at])];
  for (let round = 1; round <= most && rim.length; round += 1) {
    const next: number[] = [];
    for (const at of rim) {
      if (rounds[at] === round) continue; // reached in this round: its turn is the next
      for (let k = at * 8; k < at * 8 + 8; k += 1) {
        const other = around[k] as number;
        if (rounds[other] || !isNearer(away[other], far[at])) continue;
        [far[other], from[other], rounds[other]] = [far[at] as number, from[at] as number, round];
        next.push(other);
      }
    }
    rim = next;
  }
  return { far, from, rounds, most };
}

const isNearer = (a: number | undefined, b: number | undefined): boolean => (b as number) - (a as number) > EDGE * (b as number);

/** Whether a place belongs to a background that goes on beside it, not to the thing before it. */
function isBeside(away: Float32Array, { far, rounds }: Filled, around: Int32Array, at: number): boolean {
  for (let k = at * 8; k < at * 8 + 8; k += 1) {
    const other = around[k] as number;
    if (rounds[other] && !isNearer(away[at], far[other])) return true;
  }
  return false;
}

/** Where backgrounds of different distance or colour meet, a slope instead of a wall. */
function even(away: Float32Array, { far, rounds }: Filled, colours: Float32Array, around: Int32Array): void {
  const inside = Int32Array.from(rounds.keys()).filter((at) => rounds[at]);
  for (let round = 0; round < EVEN_ROUNDS; round += 1) {
    inside.reverse(); // there and back
    for (const at of inside) {
      let [count, inverse, red, green, blue] = [0, 0, 0, 0, 0];
      for (let k = at * 8; k < at * 8 + 8; k += 1) {
        const other = around[k] as number;
        if (!((far[other] as number) > (away[at] as number))) continue; // the thing itself is no background
        count += 1;
        inverse += 1 / (far[other] as number);
        red += colours[other * 4] as number;
        green += colours[other * 4 + 1] as number;
        blue += colours[other * 4 + 2] as number;
      }
      if (!count) continue;
      far[at] = count / inverse;
      colours[at * 4] = red / count;
      colours[at * 4 + 1] = green / count;
      colours[at * 4 + 2] = blue / count;
    }
  }
}

/** A little farther than the edge at which a background begins: the edge's own pixels show both sides. */
function beyond({ columns, rows }: Grid3, away: Float32Array, edge: number, at: number): number {
  const [x, y] = [edge % columns, Math.floor(edge / columns)];
  const [right, down] = [x - (at % columns), y - Math.floor(at / columns)];
  const long = Math.max(1, Math.hypot(right, down));
  const column = Math.round(x + (INWARDS * right) / long);
  const row = Math.round(y + (INWARDS * down) / long);
  const other = row * columns + column;
  const isThere = column >= 0 && row >= 0 && column < columns && row < rows;
  return isThere && Math.abs((away[other] as number) - (away[edge] as number)) <= 2 * EDGE * (away[edge] as number) ? other : edge;
}

/** The eight places about each; at the border the place itself stands for those that are not there. */
function neighbours({ columns, rows }: Grid3): Int32Array {
  const found = new Int32Array(columns * rows * 8);
  for (let at = 0, next = 0; at < columns * rows; at += 1) {
    const [column, row] = [at % columns, Math.floor(at / columns)];
    for (let k = 0; k < 9; k += 1) {
      const [x, y] = [column + (k % 3) - 1, row + Math.floor(k / 3) - 1];
      if (k === 4) continue;
      found[next] = x >= 0 && y >= 0 && x < columns && y < rows ? y * columns + x : at;
      next += 1;
    }
  }
  return found;
}
