/** The last results on the start page, as long as they are kept. */
import { byId, make, show } from "./dom";
import { type Card, cards, clearShelf, kept } from "./shelf";
import type { Result } from "./source/source";

export class Recent {
  private urls: string[] = [];

  constructor(private readonly onOpen: (result: Result) => void) {
    byId("recent-clear").addEventListener("click", () => void clearShelf().then(() => this.draw()));
  }

  async draw(): Promise<void> {
    const all = await cards();
    for (const url of this.urls) URL.revokeObjectURL(url);
    this.urls = [];
    show(byId("recent"), all.length > 0);
    byId("recent-list").replaceChildren(...all.map((card) => this.tile(card)));
  }

  private tile({ id, name, thumb }: Card): HTMLElement {
    const url = URL.createObjectURL(thumb);
    this.urls.push(url);
    const button = make("button", { type: "button", className: "tile" }, make("img", { src: url, alt: "" }), make("span", { className: "meta" }, name));
    button.addEventListener("click", () => void kept(id).then((result) => result && this.onOpen(result)));
    return make("li", {}, button);
  }
}
