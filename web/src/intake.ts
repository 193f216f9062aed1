/** Every way a photo comes in: button, camera, drop, paste, sample. */
import { byId, make, show } from "./dom";
import { say } from "./language";
import { isVideo } from "./moving/film";
import { KEPT, kept } from "./shelf";
import type { Shot } from "./shot";
import type { Sample } from "./source/source";

/** Names of pictures that browsers know no type for. */
const PICTURES = /\.(jpe?g|png|webp|avif|hei[cf]|tiff?|bmp|gif|dng)$/i;

/** Listen at all doors; ``onNothing`` hears of pastes and drops without a file. */
export function startIntake(onShots: (shots: Shot[]) => void, onNothing: () => void): void {
  const take = (files: readonly File[]): void => {
    if (files.length) onShots(files.map((file) => ({ file, name: file.name || "photo" })));
    else onNothing();
  };
  for (const [id, inputId] of Object.entries({ upload: "file", another: "file", camera: "camera-file", folder: "folder-file" })) {
    byId(id).addEventListener("click", () => byId(inputId).click());
  }
  byId("folder-file", HTMLInputElement).webkitdirectory = true;
  for (const inputId of ["file", "camera-file", "folder-file"]) listenToInput(byId(inputId, HTMLInputElement), take);
  listenToDrops(take);
  window.addEventListener("paste", (event) => take([...(event.clipboardData?.files ?? [])]));
}

/** Of many files those that are pictures; a single one is taken as it is, and told what it is. */
function pictures(files: readonly File[]): File[] {
  if (files.length < 2) return [...files];
  return files.filter((file) => file.type.startsWith("image/") || PICTURES.test(file.name) || isVideo(file, file.name));
}

/** The sample pictures that a source has, named in the language of now. */
export function showSamples(samples: readonly Sample[], onShot: (shot: Shot) => void, onFailure: () => void): void {
  const items = samples.map((name) => {
    const picture = make("img", { src: `samples/${name}.jpg`, alt: "", width: 320, height: 240, loading: "lazy" });
    const choice = make("button", { type: "button", className: "sample" }, picture, make("span", {}, say(name)));
    choice.setAttribute("aria-label", say("sampleLabel", { name: say(name) }));
    choice.addEventListener("click", () => void fetchSample(name).then(onShot, onFailure));
    return make("li", {}, choice);
  });
  byId("sample-list").replaceChildren(...items);
}

/** All sample pictures, for a page that starts with them; the address forgets that wish. */
export async function demoPhotos(samples: readonly Sample[]): Promise<Shot[]> {
  history.replaceState(null, "", "./");
  return Promise.all(samples.map(fetchSample));
}

async function fetchSample(name: string): Promise<Shot> {
  const answer = await fetch(`samples/${name}.jpg`);
  if (!answer.ok) throw new Error(`no sample ${name}`);
  return { file: await answer.blob(), name: `${name}.jpg` };
}

function listenToInput(input: HTMLInputElement, take: (files: readonly File[]) => void): void {
  input.addEventListener("change", () => {
    take(pictures([...(input.files ?? [])]));
    input.value = ""; // so that the same file can be chosen again
  });
}

function listenToDrops(take: (files: readonly File[]) => void): void {
  const curtain = byId("drop-now");
  let depth = 0; // enter and leave also come from the elements inside
  const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  const mayCarry = (event: DragEvent): boolean => carriesFiles(event) || (event.dataTransfer?.types.includes(KEPT) ?? false);
  window.addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    depth += 1;
    show(curtain, true);
  });
  window.addEventListener("dragleave", (event) => {
    if (!carriesFiles(event)) return;
    depth = Math.max(0, depth - 1);
    show(curtain, depth > 0);
  });
  window.addEventListener("dragover", (event) => {
    if (mayCarry(event)) event.preventDefault();
  });
  window.addEventListener("drop", (event) => {
    depth = 0;
    show(curtain, false);
    if (!mayCarry(event)) return;
    event.preventDefault();
    const number = Number(event.dataTransfer?.getData(KEPT));
    void (number ? fromOtherTab(number) : dropped(event.dataTransfer)).then((files) => take(pictures(files)));
  });
}

/** A photo that was drawn here from the tray of another tab of this page. */
async function fromOtherTab(number: number): Promise<File[]> {
  const shot = (await kept(number))?.shot;
  return shot ? [new File([shot.file], shot.name, { type: shot.file.type })] : [];
}

/** All files of a drop, those within folders as well. */
async function dropped(transfer: DataTransfer | null): Promise<File[]> {
  const entries = [...(transfer?.items ?? [])].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some((entry) => entry?.isDirectory)) return [...(transfer?.files ?? [])];
  return (await Promise.all(entries.map((entry) => (entry ? within(entry) : [])))).flat();
}

async function within(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) return [await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    found.push(...some);
  }
  return (await Promise.all(found.map(within))).flat();
}
