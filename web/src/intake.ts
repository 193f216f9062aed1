/** Every way a photo comes in: button, camera, drop, paste, sample. */
import { byId, make, show } from "./dom";
import { say } from "./language";
import type { Shot } from "./shot";

const SAMPLES = ["room", "street", "closeup"] as const;

/** Listen at all doors; ``onNothing`` hears of pastes and drops without a file. */
export function startIntake(onShot: (shot: Shot) => void, onNothing: () => void): void {
  const take = (files: FileList | undefined | null): void => {
    const file = files?.[0];
    if (file) onShot({ file, name: file.name || "photo" });
    else onNothing();
  };
  for (const [id, inputId] of Object.entries({ upload: "file", another: "file", camera: "camera-file" })) {
    byId(id).addEventListener("click", () => byId(inputId).click());
  }
  for (const inputId of ["file", "camera-file"]) listenToInput(byId(inputId, HTMLInputElement), take);
  listenToDrops(take);
  window.addEventListener("paste", (event) => take(event.clipboardData?.files));
}

/** The sample pictures, named in the language of now. */
export function showSamples(onShot: (shot: Shot) => void, onFailure: () => void): void {
  const items = SAMPLES.map((name) => {
    const picture = make("img", { src: `samples/${name}.jpg`, alt: "", width: 320, height: 240, loading: "lazy" });
    const choice = make("button", { type: "button", className: "sample" }, picture, make("span", {}, say(name)));
    choice.setAttribute("aria-label", say("sampleLabel", { name: say(name) }));
    choice.addEventListener("click", () => void fetchSample(name).then(onShot, onFailure));
    return make("li", {}, choice);
  });
  byId("sample-list").replaceChildren(...items);
}

async function fetchSample(name: string): Promise<Shot> {
  const answer = await fetch(`samples/${name}.jpg`);
  if (!answer.ok) throw new Error(`no sample ${name}`);
  return { file: await answer.blob(), name: `${name}.jpg` };
}

function listenToInput(input: HTMLInputElement, take: (files: FileList | null) => void): void {
  input.addEventListener("change", () => {
    take(input.files);
    input.value = ""; // so that the same file can be chosen again
  });
}

function listenToDrops(take: (files: FileList | undefined) => void): void {
  const curtain = byId("drop-now");
  let depth = 0; // enter and leave also come from the elements inside
  const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
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
    if (carriesFiles(event)) event.preventDefault();
  });
  window.addEventListener("drop", (event) => {
    depth = 0;
    show(curtain, false);
    if (!carriesFiles(event)) return;
    event.preventDefault();
    take(event.dataTransfer?.files);
  });
}
