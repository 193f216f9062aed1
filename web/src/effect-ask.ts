/** What the service makes of a photo by an effect. */
import { post } from "./client";
import { suffixOf } from "./downloads";
import type { Made } from "./effect-result";
import { lookOf, type Result, SCREEN_PX } from "./estimate";
import { type Plugin, type Values, isClip, queryOf } from "./options";

/** How an effect is set: its values, and the files that go with them. */
export interface Settings {
  readonly values: Values;
  readonly files: ReadonlyMap<string, File>;
}

/** Small photos, and those with a mask in their own pixels, are asked for as they are. */
export function isWholeAsked(on: Result, { files }: Settings): boolean {
  return Math.max(on.width, on.height) <= SCREEN_PX || files.has("mask");
}

/** Ask for an effect on a photo: ``isWhole`` in its own size, else as large as a panel shows. */
export async function askEffect(
  plugin: Plugin,
  on: Result,
  { values, files }: Settings,
  isWhole: boolean,
  signal: AbortSignal,
): Promise<Made> {
  const photo = { width: on.width, height: on.height };
  const query = queryOf(plugin.options, values, photo, isWhole ? photo : on.depth);
  const answer = await post(
    `v1/effects/${plugin.name}`,
    { image: on.shot.file, ...Object.fromEntries(files) },
    on.shot.name,
    { ...query, ...lookOf(on), ...(!isWhole && { max_side: String(SCREEN_PX) }) },
    () => undefined,
    signal,
  );
  const type = answer.header("Content-Type");
  return { blob: new Blob([answer.body], { type }), suffix: suffixOf(answer), isWhole: isWhole || isClip(plugin) };
}
