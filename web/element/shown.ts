/** <nearfar-depth src="photo.jpg" colormap="inferno">: the heat map of a photo, as large as its box. */
import { COLORMAPS, type ColormapName } from "../src/colors";
import { compose } from "../src/compose";
import type { DepthMap, EstimateOptions } from "./nearfar";

const MOST_PX = 1280; // a side
const SHEET = ":host { display: inline-block } canvas { display: block; width: 100%; height: auto }";

export class NearfarDepth extends HTMLElement {
  static readonly observedAttributes = ["src", "colormap"];
  /** Who tells depth. */
  static estimate: (picture: Blob, options: EstimateOptions) => Promise<DepthMap>;

  depth: DepthMap | null = null;
  private running = new AbortController();

  connectedCallback(): void {
    if (!this.shadowRoot) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(SHEET);
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
      if (!this.hasAttribute("role")) this.setAttribute("role", "img");
    }
    void this.look();
  }

  disconnectedCallback(): void {
    this.running.abort();
  }

  attributeChangedCallback(name: string): void {
    if (!this.shadowRoot) return; // not in a page yet
    void (name === "src" ? this.look() : this.draw());
  }

  private async look(): Promise<void> {
    this.running.abort();
    const { signal } = (this.running = new AbortController());
    const src = this.getAttribute("src");
    this.depth = null;
    this.shadowRoot?.replaceChildren();
    if (!src) return;
    try {
      const answer = await fetch(src, { signal });
      if (!answer.ok) throw new Error(`${src}: status ${answer.status}`);
      const depth = await NearfarDepth.estimate(await answer.blob(), { maxSide: MOST_PX, signal });
      if (signal.aborted) return;
      this.depth = depth;
      await this.draw();
      this.dispatchEvent(new CustomEvent("depth", { detail: depth }));
    } catch (error) {
      if (!signal.aborted) this.dispatchEvent(new ErrorEvent("error", { error, message: String(error) }));
    }
  }

  private async draw(): Promise<void> {
    const { depth } = this;
    if (!depth) return;
    const wanted = this.getAttribute("colormap") as ColormapName;
    const colormap = COLORMAPS.includes(wanted) ? wanted : "inferno";
    const canvas = await compose({ ...depth, depth, look: { colormap, span: null, opacity: 1 }, photo: null });
    if (depth === this.depth) this.shadowRoot?.replaceChildren(canvas);
  }
}
